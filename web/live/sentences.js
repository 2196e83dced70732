// @ts-check
// Records as sentences, for the event table, the live region and the line above a replay.

import { short } from "../model/short.js";
import { say } from "../text.js";

/** @import { MemberRecord, State } from "../protocol.js" */

/**
 * What a record means to a reader, or null if it is not worth a sentence.
 * @param {MemberRecord} record
 * @returns {string | null}
 */
export function sentence(record) {
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
        /** @type {const} */ ({ inv: "evRequest", ok: "evAnswer", fail: "evRefuse" })[record.ph],
        { name, cmd: short(record.cmd ?? "") },
      );
    default:
      return null;
  }
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
export function isStructural(/** @type {MemberRecord} */ record) {
  return record.k === "ft" || record.k === "gap" || (record.k === "st" && record.role === "L");
}
