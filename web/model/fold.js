// @ts-check
// What is: the fold of records to a frame. Pure, so that a frame may be kept and shared: a step
// copies the one member that its record is about and leaves the old frame as it was.

/** @import { Entry, Fault, Key, MemberRecord, Operation, StoryRecord } from "../protocol.js" */
/** @import { Frame, Member } from "./types.js" */

/** How many entries of a log's tail, and how many keys, a frame holds at most. */
export const TAIL = 32;
export const KEYS = 32;
const NOTHING = { di: 0, term: 0, vote: null };
const NOBODY = { idx: 0, voters: [], learners: [] };

/** @returns {Frame} a frame in which these members exist and nothing is known of them. */
export function blank(/** @type {readonly string[]} */ names) {
  const members = new Map(names.map((name) => [name, unknown(name)]));
  return { t: 0, members, watched: null, cut: [], asked: new Map() };
}

/**
 * The frame after one more record.
 * @param {Frame} frame
 * @param {StoryRecord} record
 * @returns {Frame}
 */
export function step(frame, record) {
  if (record.k === "net") return { ...frame, t: record.t, cut: record.cut };
  if (record.k === "iv" || record.n === undefined) return { ...frame, t: record.t };
  const before = frame.members.get(record.n) ?? unknown(record.n);
  const after = { ...before, ...change(before, record), heard: record.t };
  if (after.role !== before.role || after.term !== before.term) after.since = record.t;
  const members = frame.members.has(record.n)
    ? new Map(frame.members).set(record.n, after)
    : inOrder([...frame.members, [record.n, after]]);
  const asked = record.k === "op" ? ask(frame.asked, record) : frame.asked;
  return { ...frame, t: record.t, members, watched: watch(frame.watched, record), asked };
}

/** Whoever joins stands where its name belongs, and not last because it was heard of last. */
function inOrder(/** @type {[string, Member][]} */ members) {
  const order = new Intl.Collator("en", { numeric: true });
  return new Map(members.sort(([a], [b]) => order.compare(a, b)));
}

/**
 * What one record changes in its member.
 * @param {Member} member
 * @param {MemberRecord} record
 * @returns {Partial<Member>}
 */
function change(member, record) {
  switch (record.k) {
    case "key":
      return whole(record);
    case "st": {
      const { role, term, vote, lead } = record;
      const timed = role === "L" || role === "X" ? { timer: null } : {};
      return { role, term, vote, lead, paused: member.paused && role !== "X", ...timed };
    }
    case "tm":
      return { timer: { dur: record.dur, dl: record.dl } };
    case "ap":
      return append(member, record.e);
    case "tr":
      return {
        ...tail(
          member.log.filter(([index]) => index < record.from),
          record.from,
        ),
        lost: { t: record.t, from: record.from, entries: record.lost },
      };
    case "ci":
      return { ci: record.ci, committed: record.t };
    case "du":
      return { disk: record };
    case "sn":
      return { base: record.bi, ...replaced(member, record.bi) };
    case "cf":
      return { configuration: record };
    case "ax":
      return { ai: record.ai, kv: apply(member.kv, record.set) };
    case "ft":
      return faulted(member, record.f);
    case "gap":
      return { missing: member.missing + record.lost };
    default:
      return {};
  }
}

/** @returns {Member} */
function unknown(/** @type {string} */ name) {
  return {
    name,
    role: "F",
    term: 0,
    vote: null,
    lead: null,
    log: [],
    first: 1,
    base: 0,
    disk: NOTHING,
    configuration: NOBODY,
    ci: 0,
    ai: 0,
    kv: new Map(),
    timer: null,
    paused: false,
    since: 0,
    heard: 0,
    lost: null,
    missing: 0,
    committed: 0,
  };
}

/** @returns {Partial<Member>} */
function whole(/** @type {Key} */ key) {
  return {
    role: key.role,
    term: key.term,
    vote: key.vote,
    lead: key.lead,
    ...tail(key.log, key.first),
    base: key.sn?.bi ?? 0,
    disk: key.du ?? NOTHING,
    configuration: key.cf ?? NOBODY,
    ci: key.ci,
    ai: key.ai,
    kv: apply(new Map(), key.kv),
    timer: key.tm && { dur: key.tm[0], dl: key.tm[1] },
    lost: null,
  };
}

/**
 * Entries follow the log, or take the place of what it held from the first of them on.
 * @param {Member} member
 * @param {readonly Entry[]} entries
 * @returns {Partial<Member>}
 */
function append(member, entries) {
  if (entries.length === 0) return {};
  const from = entries[0][0];
  const end = member.first + member.log.length;
  if (from > end) return tail(entries, from);
  return tail([...member.log.filter(([index]) => index < from), ...entries], from);
}

/**
 * A snapshot that reaches beyond the end of a log takes its place.
 * @param {Member} member
 * @param {number} base
 * @returns {Partial<Member>}
 */
function replaced({ first, log }, base) {
  return base < first + log.length ? {} : tail([], base + 1);
}

/**
 * The end of a log, and the index at which that end begins.
 * @param {readonly Entry[]} log
 * @param {number} first the index to name when the log is empty
 */
function tail(log, first) {
  const kept = log.slice(-TAIL);
  return { log: kept, first: kept.length > 0 ? kept[0][0] : first };
}

/**
 * @param {ReadonlyMap<string, string>} kv
 * @param {readonly (readonly [string, string | null])[]} set
 */
function apply(kv, set) {
  if (set.length === 0) return kv;
  const next = new Map(kv);
  for (const [key, value] of set) {
    next.delete(key);
    if (value !== null) next.set(key, value);
  }
  for (const key of next.keys()) {
    if (next.size <= KEYS) break;
    next.delete(key);
  }
  return next;
}

/**
 * A stopped member loses its timer at once; what it held on its disk stays in the picture.
 * @param {Member} member
 * @param {Fault} fault
 * @returns {Partial<Member>}
 */
function faulted(member, fault) {
  switch (fault) {
    case "stop":
      return { role: "X", timer: null, paused: false, lead: null };
    case "pause":
      return { paused: true };
    case "resume":
      return { paused: false };
    case "start":
      return { role: member.role === "X" ? "F" : member.role, paused: false };
  }
}

/**
 * A client has one request at a time. In a live stream clients have no names: a member's then
 * count as one.
 * @param {Frame["asked"]} asked
 * @param {Operation} record
 */
function ask(asked, { op, n, ph, cmd, by, val, t }) {
  if (ph === "inv") {
    const client = by ?? n;
    return new Map(asked).set(client, {
      op,
      by: client,
      member: n,
      cmd: cmd ?? "",
      ph,
      val: null,
      t,
    });
  }
  const open = [...asked.values()].find((one) => one.op === op);
  return open ? new Map(asked).set(open.by, { ...open, ph, val: val ?? null, t }) : asked;
}

/**
 * The key written last: by the applied index, and not by time, so that a member that lags behind
 * does not bring an old key back.
 * @param {Frame["watched"]} watched
 * @param {MemberRecord} record
 */
function watch(watched, record) {
  if (record.k !== "ax" && record.k !== "key") return watched;
  if (watched && record.ai < watched.index) return watched;
  const key = record.k === "ax" ? record.set.at(-1)?.[0] : lastKey(record);
  return key === undefined ? watched : { key, index: record.ai };
}

/** The order of a whole member's keys says nothing of time, but its log does. */
function lastKey(/** @type {Key} */ { log, ai, kv }) {
  const put = log.findLast(([index, , text]) => index <= ai && text.startsWith("put "));
  return put?.[2].split(" ")[1] ?? kv.at(-1)?.[0];
}
