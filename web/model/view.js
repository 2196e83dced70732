// @ts-check
// From a recording and a time to a picture: a plain object that says what is to be drawn. Pure:
// the same recording and time give the same picture, whichever way one came to that time.

import { short } from "./short.js";

/** @import { Recording } from "./recording.js" */
/** @import { Asked, Flight, Member, Message, Picture, PictureMember } from "./types.js" */

/**
 * @typedef {object} Look
 * @property {boolean} live whether messages are drawn slower than they travel
 * @property {(t: number) => number} screen microseconds on the screen at a trace time
 * @property {number} now the time at the members, for their silence; `t` in a replay
 * @property {boolean} still
 * @property {string | null} chosen the member that was chosen
 * @property {string | null} message the key of the message that was chosen
 */

/** A running member speaks at least every heartbeat; after this silence what is known is old. */
export const STALE = 1_000_000;
/** How long a live message is seen to fly, in microseconds. */
export const LIVE_FLIGHT = 320_000;
/** Of these kinds, a live link shows one message per this many microseconds. */
const THIN = {
  HB: 240_000,
  HBR: 240_000,
  AE: 60_000,
  AER: 60_000,
  FW: 60_000,
  RI: 120_000,
  RIR: 120_000,
  IS: 60_000,
  ISR: 60_000,
};
/** And one lost message per this many: a leader does not tire of trying. */
const THIN_DROPPED = 800_000;
const CROSS = 500_000;
const FALL = 420_000;
/** How long an answered request stays on the stage. */
const ANSWERED = 6_000_000;
const PULSE = 500_000;
/** How far a dropped message comes. */
const HALF_WAY = 0.45;

/**
 * @param {Recording} recording
 * @param {number} t
 * @param {Look} look
 * @returns {Picture}
 */
export function picture(recording, t, look) {
  const frame = recording.frame(t);
  const members = [...frame.members.values()];
  const names = members.map((member) => member.name);
  const key = frame.watched?.key ?? null;
  const near = recording.messages.between(t - 2 * LIVE_FLIGHT - CROSS, t);
  return {
    t,
    members: members.map((member) => ({
      ...portrait(member, t, look, key),
      tally: tally(member, names, recording, t),
    })),
    flights: (look.live ? liveFlights(near, t) : replayFlights(near, t, look)).map((flight) => ({
      ...flight,
      chosen: flight.key === look.message,
    })),
    still: look.still,
    cut: frame.cut,
    agreed: new Set(members.map(({ configuration: { idx } }) => idx)).size < 2,
    // Of a live cluster nobody knows which client asked, and there may be thousands.
    asked: look.live ? [] : [...frame.asked.values()].filter((one) => isFresh(one, t, look)),
  };
}

/** An answered request is shown for a while. */
function isFresh(
  /** @type {Asked} */ { ph, t: since },
  /** @type {number} */ t,
  /** @type {Look} */ look,
) {
  return ph === "inv" || look.screen(t) - look.screen(since) < ANSWERED;
}

/**
 * @param {Member} member
 * @param {number} t
 * @param {Look} look
 * @param {string | null} key
 * @returns {Omit<PictureMember, "tally">}
 */
function portrait(member, t, look, key) {
  const { name, role, term, vote, paused, ci, timer } = member;
  const fallen = member.lost ? (look.screen(t) - look.screen(member.lost.t)) / FALL : 1;
  const left = timer ? Math.max(0, timer.dl - t) : 0;
  return {
    name,
    role,
    term,
    vote,
    paused,
    ci,
    value: key === null ? "" : (member.kv.get(key) ?? ""),
    timer:
      timer && !paused && role !== "L"
        ? { part: Math.min(1, left / timer.dur), ms: left / 1000 }
        : null,
    base: member.base,
    log: member.log
      .filter(([index]) => index > member.base)
      .map(([index, of, text]) => ({
        index,
        term: of,
        text: short(text),
        committed: index <= ci,
      })),
    lost: member.lost && fallen < 1 ? { entries: member.lost.entries, part: fallen } : null,
    pulse: Math.max(0, 1 - (look.screen(t) - look.screen(member.committed)) / PULSE),
    learns: member.configuration.learners.includes(name),
    silent: member.heard > 0 && look.now - member.heard > STALE ? look.now - member.heard : null,
    chosen: look.chosen === name,
  };
}

/**
 * The votes that have reached a candidate, its own among them.
 * @param {Member} member
 * @param {string[]} names
 * @param {Recording} recording
 * @param {number} t
 */
function tally(member, names, recording, t) {
  if (member.role !== "C" && member.role !== "P") return null;
  const kind = member.role === "C" ? "RVR" : "PVR";
  const given = new Set([member.name]);
  for (const message of recording.messages.between(member.since, t)) {
    const counts = message.m === kind && message.to === member.name && message.b.ok;
    if (counts && !message.dropped && message.t1 !== null && message.t1 <= t)
      given.add(message.from);
  }
  return names.map((name) => given.has(name));
}

/**
 * Both ends are known; the flight begins when the message left and takes a time that can be seen.
 * A reply leaves the screen's other end when the request has come there.
 * @param {Message[]} messages
 * @param {number} t
 */
function liveFlights(messages, t) {
  /** @type {Map<string, number>} */
  const shown = new Map();
  /** @type {Omit<Flight, "chosen">[]} */
  const flights = [];
  for (const message of messages) {
    if (message.t1 === null || !isNext(shown, message)) continue;
    const age = t - message.t0 - (isReply(message) ? LIVE_FLIGHT : 0);
    const flight = message.dropped ? lost(age) : { part: age / LIVE_FLIGHT, cross: null };
    if (age >= 0 && flight && flight.part <= 1) flights.push({ ...glyph(message), ...flight });
  }
  return flights;
}

/**
 * @param {Message[]} messages
 * @param {number} t
 * @param {Look} look
 */
function replayFlights(messages, t, look) {
  /** @type {Omit<Flight, "chosen">[]} */
  const flights = [];
  for (const message of messages) {
    if (message.t1 === null) continue;
    const part = (t - message.t0) / Math.max(1, message.t1 - message.t0);
    const flight = message.dropped ? stopped(message, part, t, look) : { part, cross: null };
    if (flight && flight.part < 1) flights.push({ ...glyph(message), ...flight });
  }
  return flights;
}

/**
 * A message that was lost on its way flies as others do until then. In a live cluster it is known
 * to be lost as soon as it leaves; then it takes a time that can be seen.
 * @param {Message} message
 * @param {number} part
 * @param {number} t
 * @param {Look} look
 */
function stopped({ t0, t1 }, part, t, look) {
  const end = t1 ?? t0;
  if (look.screen(end) - look.screen(t0) < LIVE_FLIGHT / 2)
    return lost(look.screen(t) - look.screen(t0));
  if (part < 1) return { part: HALF_WAY * part, cross: null };
  const cross = (look.screen(t) - look.screen(end)) / CROSS;
  return cross > 1 ? null : { part: HALF_WAY, cross };
}

/** A dropped message comes half way and turns into a cross. `age` is in screen time. */
function lost(/** @type {number} */ age) {
  if (age < 0 || age > LIVE_FLIGHT + CROSS) return null;
  const cross = (age - LIVE_FLIGHT) / CROSS;
  return { part: HALF_WAY * Math.min(1, age / LIVE_FLIGHT), cross: cross < 0 ? null : cross };
}

/** Whether enough time passed since a message of this kind was last shown on this link. */
function isNext(/** @type {Map<string, number>} */ shown, /** @type {Message} */ message) {
  const usual = THIN[/** @type {keyof typeof THIN} */ (message.m)];
  if (usual === undefined) return true;
  const every = message.dropped ? THIN_DROPPED : usual;
  const link = `${message.m}${message.from}>${message.to}`;
  const slot = Math.floor(message.t0 / every);
  const fresh = shown.get(link) !== slot;
  shown.set(link, slot);
  return fresh;
}

/** @returns {Omit<Flight, "part" | "cross" | "chosen">} */
function glyph(/** @type {Message} */ { key, from, to, m, term, b }) {
  const said = b.e ?? b.c ?? [];
  const texts = said.map((entry) => short(typeof entry === "string" ? entry : entry[2]));
  const share = b.of ? (b.o ?? 0) / b.of : 0;
  return { key, from, to, m, term, ok: b.ok ?? true, texts, share };
}

/** Whether a message answers another one. */
export function isReply(/** @type {{m: string}} */ message) {
  return message.m.endsWith("R");
}
