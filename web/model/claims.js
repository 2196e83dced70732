// @ts-check
// What must hold in every run, checked on the records one after the other. A trace proves a claim
// broken; that it holds was only observed.
//
//   election      a term has at most one leader
//   matching      two logs that agree on an entry's position agree on it and on the one before
//   completeness  a new leader holds every entry that was committed before, and nobody loses one
//   machine       no two members apply different entries at one index
//   reads         no linearizable read is told a value that another one had replaced before

import { countWhile } from "./count.js";
import { History } from "./history.js";

/** @import { Entry, StoryRecord } from "../protocol.js" */
/** @typedef {"election" | "matching" | "completeness" | "machine" | "reads"} Claim */
/**
 * The first record that contradicts a claim.
 * @typedef {object} Witness
 * @property {Claim} claim
 * @property {number} t
 * @property {string} name the member that the record is about
 * @property {string} other the member that it contradicts
 * @property {string} what the term or the position at which they differ
 */
/** @typedef {{claim: Claim, checks: number, witness: Witness | null}} Verdict */
/** @typedef {{entry: Entry, by: string}} Told an entry, and who was the first to tell of it */

/** @type {readonly Claim[]} */
const CLAIMS = ["election", "matching", "completeness", "machine", "reads"];

export class Claims {
  /** When each claim was checked. @type {Record<Claim, number[]>} */
  #checks = { election: [], matching: [], completeness: [], machine: [], reads: [] };
  /** @type {Map<Claim, Witness>} */
  #witness = new Map();
  /** By member, by index. @type {Map<string, Map<number, Entry>>} */
  #logs = new Map();
  /** @type {Map<number, string>} */
  #leaders = new Map();
  /** By position: the text, and the term before. @type {Map<string, Told & {before: number}>} */
  #entries = new Map();
  /** @type {Map<number, Told>} */
  #committed = new Map();
  /** @type {Map<number, Told>} */
  #applied = new Map();
  #history = new History();
  /** What each member has applied. @type {Map<string, number>} */
  #reached = new Map();

  constructor(/** @type {readonly StoryRecord[]} */ records) {
    for (const record of records) this.#see(record);
  }

  /**
   * What was found up to a time.
   * @param {number} t
   * @returns {Verdict[]}
   */
  at(t) {
    return CLAIMS.map((claim) => {
      const witness = this.#witness.get(claim) ?? null;
      const checks = countWhile(this.#checks[claim], (time) => time <= t);
      return { claim, checks, witness: witness && witness.t <= t ? witness : null };
    });
  }

  #see(/** @type {StoryRecord} */ record) {
    switch (record.k) {
      case "key":
        this.#logs.set(record.n, new Map(record.log.map((entry) => [entry[0], entry])));
        this.#reached.set(record.n, record.ai);
        break;
      case "st":
        if (record.role === "L") this.#lead(record.n, record.term, record.t);
        break;
      case "ap":
        for (const entry of record.e) this.#append(record.n, entry, record.t);
        break;
      case "tr":
        this.#truncate(record.n, record.from, record.t);
        break;
      case "ci":
        this.#commit(record.n, record.ci);
        break;
      case "ax":
        this.#apply(record.n, record.ai, record.t);
        break;
      case "op": {
        const read = this.#history.see(record);
        const { n, t } = record;
        if (read) this.#check("reads", t, read.by === null, n, read.by ?? n, read.key);
      }
    }
  }

  #lead(/** @type {string} */ name, /** @type {number} */ term, /** @type {number} */ t) {
    const leader = this.#leaders.get(term) ?? name;
    this.#leaders.set(term, leader);
    this.#check("election", t, leader === name, name, leader, `T${term}`);
    const log = this.#log(name);
    const first = Math.min(...log.keys());
    for (const [index, { entry, by }] of this.#committed) {
      if (index < first) continue;
      const held = log.get(index)?.[1] === entry[1];
      this.#check("completeness", t, held, name, by, position(entry));
    }
  }

  #append(/** @type {string} */ name, /** @type {Entry} */ entry, /** @type {number} */ t) {
    const log = this.#log(name);
    const before = log.get(entry[0] - 1)?.[1] ?? 0;
    const told = this.#entries.get(position(entry));
    if (told) {
      // A tail may begin after the entry before it; then there is nothing to compare.
      const same = told.entry[2] === entry[2] && agree(told.before, before);
      this.#check("matching", t, same, name, told.by, position(entry));
    } else {
      this.#entries.set(position(entry), { entry, by: name, before });
    }
    log.set(entry[0], entry);
  }

  #truncate(/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ t) {
    const log = this.#log(name);
    for (const [index, entry] of [...log]) {
      if (index < from) continue;
      const told = this.#committed.get(index);
      const kept = told?.entry[1] !== entry[1];
      this.#check("completeness", t, kept, name, told?.by ?? name, position(entry));
      log.delete(index);
    }
  }

  #commit(/** @type {string} */ name, /** @type {number} */ upTo) {
    for (const [index, entry] of this.#log(name)) {
      if (index <= upTo && !this.#committed.has(index))
        this.#committed.set(index, { entry, by: name });
    }
  }

  #apply(/** @type {string} */ name, /** @type {number} */ upTo, /** @type {number} */ t) {
    const log = this.#log(name);
    for (let index = (this.#reached.get(name) ?? 0) + 1; index <= upTo; index += 1) {
      const entry = log.get(index);
      if (!entry) continue;
      const told = this.#applied.get(index) ?? { entry, by: name };
      this.#applied.set(index, told);
      const same = told.entry[1] === entry[1] && told.entry[2] === entry[2];
      this.#check("machine", t, same, name, told.by, position(entry));
    }
    this.#reached.set(name, Math.max(upTo, this.#reached.get(name) ?? 0));
  }

  #log(/** @type {string} */ name) {
    const log = this.#logs.get(name) ?? new Map();
    this.#logs.set(name, log);
    return log;
  }

  /**
   * @param {Claim} claim
   * @param {number} t
   * @param {boolean} holds
   * @param {string} name
   * @param {string} other
   * @param {string} what
   */
  #check(claim, t, holds, name, other, what) {
    this.#checks[claim].push(t);
    if (!holds && !this.#witness.has(claim))
      this.#witness.set(claim, { claim, t, name, other, what });
  }
}

function agree(/** @type {number} */ a, /** @type {number} */ b) {
  return a === b || a === 0 || b === 0;
}

/** As it is written everywhere: index 7 of term 3 is `7@3`. */
function position(/** @type {Entry} */ [index, term]) {
  return `${index}@${term}`;
}
