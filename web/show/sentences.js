// @ts-check
// Records as sentences, for the event table, the live region and the line above a replay.

import { short } from "../model/short.js";
import { learn, say } from "../text.js";

await learn("events");

/** @import { Acted, StoryRecord, State } from "../protocol.js" */

/**
 * What a record means to a reader, or null if it is not worth a sentence.
 * @param {StoryRecord} record
 * @returns {string | null}
 */
export function sentence(record) {
  if (record.k === "net") return record.cut.length > 0 ? cuts(record.cut) : say("evHealed");
  if (record.k === "iv") return record.ok ? null : say("evBroken", { what: record.wit ?? "" });
  if (record.k === "end") return null;
  if (record.k === "act") return acted(record);
  const name = record.n;
  switch (record.k) {
    case "st":
      return state(name, record);
    case "ft":
      return say(
        /** @type {const} */ ({
          stop: "evStopped",
          pause: "evPaused",
          resume: "evResumed",
          start: "evStarted",
        })[record.f],
        { name },
      );
    case "ci":
      return say("evCommit", { name, ci: record.ci });
    case "ap":
      return say("evAppend", { name, entry: record.e.map((entry) => short(entry[2])).join(", ") });
    case "tr":
      return say("evTruncate", { name, from: record.from });
    case "gap":
      return say("evGap", { name, lost: record.lost });
    case "op":
      return say(
        /** @type {const} */ ({
          inv: "evRequest",
          ok: "evAnswer",
          fail: "evRefuse",
          lost: "evLost",
        })[record.ph],
        { name, cmd: short(record.cmd ?? "") },
      );
    default:
      return null;
  }
}

function acted(/** @type {Acted} */ { a, why }) {
  return why === undefined ? say("evAct", { what: a }) : say("evActNot", { what: a, why });
}

/** Which links are cut, when there are few; else how many members are apart. */
function cuts(/** @type {[string, string][]} */ cut) {
  const links = cut.map(([from, to]) => `${from}→${to}`);
  return say("evCut", {
    links: links.length > 4 ? `${links.slice(0, 3).join(" ")} …` : links.join(" "),
  });
}

function state(/** @type {string} */ name, /** @type {State} */ { role, term, vote, lead }) {
  const word = /** @type {const} */ ({
    F: "evFollows",
    P: "evPre",
    C: "evCandidate",
    L: "evElected",
    X: "evStopped",
  })[role];
  if (role === "F" && vote && !lead) return say("evVotes", { name, vote, term });
  return say(word, { name, term });
}

/** Whether a record changes who leads or who is there, and so is worth being announced. */
export function isStructural(/** @type {StoryRecord} */ record) {
  return (
    ["ft", "gap", "net", "iv", "act"].includes(record.k) ||
    (record.k === "st" && record.role === "L")
  );
}
