// @ts-check
// Finds the elections in a recording, and the stretch of time that tells each of them whole.

/** @import { StoryRecord } from "../protocol.js" */
/** @import { Recording } from "./recording.js" */
/** @import { Election, Message, Span } from "./types.js" */

/** What a replay shows before the last heartbeat of the old leader, and after the first commit. */
const BEFORE = 12_000;
const AFTER = 56_000;
/** An election whose first commit does not come within this time is told without one. */
const PATIENCE = 3_000_000;
/** How far back the last word of the old leader is looked for. */
const LOOK_BACK = 15_000_000;

/** Watches the records of a live recording and reports each election once it can be told whole. */
export class ElectionWatch {
  /** @type {Recording} */
  #recording;
  #heartbeat;
  #term = 0;
  /** @type {string | null} */
  #leader = null;
  /** @type {{term: number, leader: string, previous: string | null, won: number}[]} */
  #open = [];

  /**
   * @param {Recording} recording
   * @param {number} heartbeat the interval at which a leader speaks, in microseconds
   */
  constructor(recording, heartbeat) {
    this.#recording = recording;
    this.#heartbeat = heartbeat;
  }

  /** Call for each record, after the recording took it in. */
  see(/** @type {StoryRecord} */ record) {
    if ((record.k !== "st" && record.k !== "key") || record.role !== "L") return;
    if (record.term <= this.#term) return;
    const { term, n: leader, t: won } = record;
    if (record.k === "st") this.#open.push({ term, leader, previous: this.#leader, won });
    this.#term = term;
    this.#leader = leader;
  }

  /**
   * The elections that are complete now; all, if nothing more will come.
   * @returns {Election[]}
   */
  finished(isOver = false) {
    const done = [];
    const { to } = this.#recording;
    for (const open of [...this.#open]) {
      const election = describe(this.#recording, this.#heartbeat, open);
      const complete = election.committed !== null && to > election.committed + AFTER;
      if (!isOver && !complete && to < open.won + PATIENCE) continue;
      this.#open.splice(this.#open.indexOf(open), 1);
      done.push(election);
    }
    return done;
  }
}

/**
 * Where to begin and to end the replay of an election.
 * @param {Election} election
 * @returns {Span}
 */
export function span(election) {
  const begin = Math.min(election.lastHeard ?? election.began, election.began);
  const end = Math.max(election.committed ?? election.won, election.won);
  return { from: begin - BEFORE, to: end + AFTER };
}

/**
 * @param {Recording} recording
 * @param {number} heartbeat
 * @param {{term: number, leader: string, previous: string | null, won: number}} open
 * @returns {Election}
 */
function describe(recording, heartbeat, open) {
  const { term, leader, previous, won } = open;
  const past = recording.messages.between(won - LOOK_BACK, won);
  const last = previous === null ? undefined : past.findLast((message) => keeps(message, previous));
  const lastHeard = last ? last.t0 : previous === null ? null : quiet(recording, leader, term, won);
  const began = beginning(recording, term, won, lastHeard);
  return {
    term,
    leader,
    previous,
    lastHeard,
    began,
    won,
    committed: firstCommit(recording, leader, term, won),
    down: lastHeard === null ? null : Math.max(0, won - lastHeard - heartbeat),
  };
}

/**
 * When the new leader had last heard of anybody while it still followed: members remember it by a
 * key from that moment.
 * @param {Recording} recording
 * @param {string} leader
 * @param {number} term
 * @param {number} won
 */
function quiet(recording, leader, term, won) {
  const last = recording
    .between(won - LOOK_BACK, won)
    .find((it) => it.k === "key" && it.n === leader && it.role === "F" && it.term === term - 1);
  return last?.t ?? null;
}

/** Whether a message is one by which a leader keeps its followers, and it arrived. */
function keeps(/** @type {Message} */ message, /** @type {string} */ leader) {
  const kind = message.m === "HB" || message.m === "AE";
  return kind && message.from === leader && message.t1 !== null && !message.dropped;
}

/**
 * When the first member began to campaign, after the old leader's last word if there was one.
 * @param {Recording} recording
 * @param {number} term
 * @param {number} won
 * @param {number | null} lastHeard
 */
function beginning(recording, term, won, lastHeard) {
  const known = lastHeard === null ? term - 1 : 0;
  const first = recording
    .changes(lastHeard ?? won - 2_000_000, won)
    .find(
      (record) =>
        record.k === "st" && (record.role === "P" || record.role === "C") && record.term >= known,
    );
  return first ? first.t : won;
}

/**
 * When the new leader's commit index first reached an entry of its own term.
 * @param {Recording} recording
 * @param {string} leader
 * @param {number} term
 * @param {number} won
 */
function firstCommit(recording, leader, term, won) {
  /** @type {number | null} */
  let own = null;
  for (const record of recording.changes(won, Infinity)) {
    if (record.n !== leader) continue;
    if (record.k === "ap") own ??= record.e.find((entry) => entry[1] === term)?.[0] ?? null;
    if (record.k === "ci" && own !== null && record.ci >= own) return record.t;
  }
  return null;
}
