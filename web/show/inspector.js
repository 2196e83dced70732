// @ts-check
// All that is known of the member or the message that was chosen.

import { matched } from "../model/known.js";
import { short } from "../model/short.js";
import { glyph } from "../scene/glyph.js";
import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { learn, say } from "../text.js";

await learn("inspect");
await learn("roles");

/** @import { Entry } from "../protocol.js" */
/** @import { Member, Message } from "../model/types.js" */
/** @import { Recording } from "../model/recording.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { Selection } from "./selection.js" */
/** @import { Face } from "./types.js" */
/** @typedef {[name: string, value: string]} Row */

/** The names of the messages, as in the code. */
export const NAMES = {
  PV: "RequestPreVote",
  PVR: "PreVote",
  RV: "RequestVote",
  RVR: "Vote",
  AE: "Append",
  AER: "Appended",
  HB: "Heartbeat",
  HBR: "Heard",
  FW: "Forward",
  RI: "RequestReadIndex",
  RIR: "ReadIndex",
  TN: "TimeoutNow",
  IS: "Chunk",
  ISR: "ChunkReceived",
  RC: "RequestChange",
  RCR: "ChangeAnswer",
};

/**
 * @param {Element} place
 * @param {Recording} recording
 * @param {number} t
 * @param {Selection} selection
 * @param {Face | null} face whose actions on a message are offered
 */
export function inspect(place, recording, t, selection, face) {
  const message = selection.message === null ? null : recording.messages.get(selection.message);
  const member =
    selection.member === null ? null : recording.frame(t).members.get(selection.member);
  if (message) patch(place, ofMessage(message, t, face));
  else if (member) patch(place, ofMember(member, recording, t));
  else patch(place, [shape("p", { class: "quiet" }, say("inspectHint"))]);
}

/**
 * @param {Message} message
 * @param {number} t
 * @param {Face | null} face
 * @returns {Shape[]}
 */
function ofMessage(message, t, face) {
  const { m, term, from, to, t0, t1, dropped, b, key } = message;
  const said = (b.e ?? b.c ?? []).map(text);
  const picture = { m, term, ok: b.ok ?? true, texts: said.map(short), share: 0 };
  /** @type {Row[]} */
  const rows = [[say("wordTerm"), String(term)]];
  if (b.pi !== undefined) rows.push([say("wordAfter"), `${b.pi}@${b.pt}`]);
  if (b.li !== undefined) rows.push([say("wordLast"), `${b.li}@${b.lt}`]);
  if (b.e || b.c) rows.push([say("wordEntries"), said.join(", ") || "–"]);
  if (b.ci !== undefined) rows.push([say("wordCommit"), String(b.ci)]);
  if (b.ok !== undefined) rows.push([say("wordGranted"), b.ok ? say("yes") : say("no")]);
  if (b.mi !== undefined) rows.push([say("wordUpTo"), String(b.mi)]);
  if (b.ri !== undefined) rows.push([say("wordIndex"), String(b.ri)]);
  if (b.si !== undefined) rows.push([say("wordSnapshot"), String(b.si)]);
  if (b.o !== undefined) rows.push([say("wordBytes"), b.of ? `${b.o} / ${b.of}` : String(b.o)]);
  rows.push(flight(t, t0, t1, dropped));
  return [
    shape("div", { key: "head", class: "head" }, [
      shape("svg", { width: 56, height: 26, viewBox: "-40 -13 56 26", "aria-hidden": "true" }, [
        glyph(picture, 0),
      ]),
      shape("b", {}, m === "AER" && !b.ok ? "Rejected" : NAMES[m]),
      shape("small", { class: "mono" }, `${from} → ${to}`),
    ]),
    list(rows),
    ...(face?.messageActs?.(key) ?? []),
  ];
}

function text(/** @type {Entry | string} */ entry) {
  return typeof entry === "string" ? entry : entry[2];
}

/**
 * @param {number} t
 * @param {number} t0
 * @param {number | null} t1
 * @param {boolean} dropped
 * @returns {Row}
 */
function flight(t, t0, t1, dropped) {
  if (t < t0) return [say("wordLeaves"), ms(t0 - t)];
  if (t1 === null) return [say("wordUnderWay"), ms(t - t0)];
  if (dropped) return [say("wordDropped"), say("wordAfterTime", { time: ms(t1 - t0) })];
  if (t < t1) return [say("wordArrives"), ms(t1 - t)];
  return [say("wordArrived"), say("wordAfterTime", { time: ms(t1 - t0) })];
}

/**
 * @param {Member} member
 * @param {Recording} recording
 * @param {number} t
 * @returns {Shape[]}
 */
function ofMember(member, recording, t) {
  const { name, role, term, vote, lead, log, first, ci, ai, timer, paused } = member;
  const last = log.at(-1);
  /** @type {Row[]} */
  const rows = [
    [say("wordTerm"), String(term)],
    [say("wordVote"), vote ?? "–"],
    [say("wordLeader"), lead ?? "–"],
    [say("wordLast"), last ? `${last[0]}@${last[1]}` : String(first - 1)],
    [say("wordCommitted"), String(ci)],
    [say("wordApplied"), String(ai)],
  ];
  if (timer && role !== "L") rows.push([say("wordTimer"), ms(Math.max(0, timer.dl - t))]);
  if (role === "L") {
    for (const [follower, index] of [...matched(recording, member, t)].sort())
      rows.push([say("wordMatched", { name: follower }), String(index)]);
  }
  return [
    shape("div", { key: "head", class: `head ${termClass(term)}` }, [
      shape("b", {}, name),
      shape("span", {}, paused ? say("paused") : say(role)),
    ]),
    list(rows),
    shape("p", { key: "next", class: "quiet" }, say(/** @type {const} */ (`next${role}`))),
  ];
}

function list(/** @type {Row[]} */ rows) {
  return shape(
    "dl",
    { key: "rows", class: "rows" },
    rows.flatMap(([name, value]) => [
      shape("dt", { key: `n${name}` }, name),
      shape("dd", { key: `v${name}`, class: "mono" }, value),
    ]),
  );
}

function ms(/** @type {number} */ micros) {
  return say("millis", { n: (micros / 1000).toFixed(micros < 10_000 ? 2 : 1) });
}
