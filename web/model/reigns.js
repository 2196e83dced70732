// @ts-check
// Who held which role in which term, from when to when: the lanes of the diagram and the bands of
// the tape.

/** @import { StoryRecord, Role } from "../protocol.js" */
/** @import { Recording } from "./recording.js" */
/**
 * @typedef {object} Run
 * @property {string} name
 * @property {Role} role
 * @property {number} term
 * @property {boolean} paused
 * @property {number} from
 * @property {number} to
 */

/**
 * The runs of all members between two times, by member and then by time.
 * @param {Recording} recording
 * @param {number} from
 * @param {number} to
 * @returns {Run[]}
 */
export function runs(recording, from, to) {
  const before = recording.frame(from).members;
  const changes = recording.changes(from + 1, to);
  return [...recording.frame(to).members.keys()].flatMap((name) => {
    const member = before.get(name);
    const { role, term, paused } = member ?? {
      role: /** @type {Role} */ ("F"),
      term: 0,
      paused: false,
    };
    const heard = member !== undefined && member.heard > 0;
    /** @type {Run[]} */
    const found = [{ name, role, term, paused, from: heard ? from : Infinity, to }];
    for (const record of changes) {
      if (record.n !== name) continue;
      const last = found[found.length - 1];
      const next = follow(last, record);
      if (last.from === Infinity) last.from = record.t;
      if (next.role === last.role && next.term === last.term && next.paused === last.paused)
        continue;
      last.to = record.t;
      found.push({ ...next, from: record.t, to });
    }
    return found.filter((run) => run.from < run.to);
  });
}

/**
 * The runs of leaders, by time, none overlapping the next: the newer term counts.
 * @param {Recording} recording
 * @param {number} from
 * @param {number} to
 */
export function reigns(recording, from, to) {
  const leading = runs(recording, from, to)
    .filter((run) => run.role === "L" && !run.paused)
    .sort((a, b) => a.from - b.from);
  return leading.map((run, place) => ({
    ...run,
    to: Math.min(run.to, leading[place + 1]?.from ?? to),
  }));
}

/**
 * @param {Run} run
 * @param {StoryRecord} record
 * @returns {Run}
 */
function follow(run, record) {
  switch (record.k) {
    case "key":
    case "st":
      return { ...run, role: record.role, term: record.term };
    case "ft":
      if (record.f === "stop") return { ...run, role: "X", paused: false };
      if (record.f === "start") return { ...run, role: run.role === "X" ? "F" : run.role };
      return { ...run, paused: record.f === "pause" };
    default:
      return run;
  }
}
