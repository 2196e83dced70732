// @ts-check
// Reads a trace from its beginning and looks for what a chapter tells of: what comes first after
// something else. What does not come is null, and so is everything that should come after it.

/** @import { Trace } from "../model/file.js" */
/** @import { Appended, Entry, Operation, StoryRecord } from "../protocol.js" */
/** @import { Member, Message } from "../model/types.js" */

export class Reader {
  #trace;

  constructor(/** @type {Trace} */ trace) {
    this.#trace = trace;
  }

  get names() {
    return this.#trace.hello.nodes.map((node) => node.id);
  }

  get hello() {
    return this.#trace.hello;
  }

  get end() {
    return this.#trace.to;
  }

  /**
   * All records of some kind.
   * @template {StoryRecord["k"]} K
   * @param {K} kind
   * @returns {Extract<StoryRecord, {k: K}>[]}
   */
  all(kind) {
    return /** @type {any} */ (this.#trace.recording.records.filter(({ k }) => k === kind));
  }

  /**
   * The first record of a kind after a time of which something is true.
   * @template {StoryRecord["k"]} K
   * @param {number | null | undefined} t
   * @param {K} kind
   * @param {(record: Extract<StoryRecord, {k: K}>) => boolean} [isIt]
   * @returns {Extract<StoryRecord, {k: K}> | null}
   */
  after(t, kind, isIt = () => true) {
    if (t === null || t === undefined) return null;
    return this.all(kind).find((record) => record.t >= t && isIt(record)) ?? null;
  }

  /** The first to lead after a time. */
  leader(/** @type {number | null | undefined} */ t, /** @type {number} */ termAbove = 0) {
    return this.after(t, "st", ({ role, term }) => role === "L" && term > termAbove);
  }

  /** A member as it was at a time. */
  member(/** @type {string | undefined} */ name, /** @type {number} */ t) {
    return name === undefined ? undefined : this.#trace.recording.frame(t).members.get(name);
  }

  /** All members as they were at a time. @returns {Member[]} */
  members(/** @type {number} */ t) {
    return [...this.#trace.recording.frame(t).members.values()];
  }

  /**
   * The messages that left between two times, by when they left.
   * @param {number} from
   * @param {number} [to]
   * @returns {Message[]}
   */
  messages(from, to = this.end) {
    return this.#trace.recording.messages.between(from, to).filter(({ t0 }) => t0 >= from);
  }

  /** How a client's request ended well. */
  answer(/** @type {Operation | null} */ asked) {
    return asked && this.after(asked.t, "op", ({ op, ph }) => op === asked.op && ph === "ok");
  }

  /** Whether a member's log held an entry with some text at a time. */
  holds(/** @type {string} */ name, /** @type {number} */ t, /** @type {string} */ text) {
    return has(this.member(name, t)?.log ?? [], text);
  }

  message(/** @type {string} */ key) {
    return this.#trace.recording.messages.get(key);
  }

  /** When the first entry with some text was appended, and by whom. */
  appended(/** @type {number | null | undefined} */ t, /** @type {string} */ text) {
    return this.after(t, "ap", ({ e }) => e.some(([, , said]) => said === text));
  }

  /** When a member's commit index came to an index. */
  committed(
    /** @type {number | null | undefined} */ t,
    /** @type {string | undefined} */ name,
    /** @type {number} */ index,
  ) {
    return this.after(t, "ci", ({ n, ci }) => (name === undefined || n === name) && ci >= index);
  }

  /** Who was elected in each term. */
  leaders() {
    /** @type {Map<number, Set<string>>} */
    const found = new Map();
    for (const { role, term, n } of this.all("st"))
      if (role === "L") found.set(term, (found.get(term) ?? new Set()).add(n));
    return found;
  }

  /** Whether some member voted for two in one term. */
  votedTwice() {
    const votes = new Map();
    return this.all("st").some(({ n, term, vote }) => {
      if (vote === null) return false;
      const before = votes.get(`${n}${term}`) ?? vote;
      votes.set(`${n}${term}`, vote);
      return before !== vote;
    });
  }
}

/** The time of a record, or null if there is none. */
export function time(/** @type {{t: number} | number | null | undefined} */ record) {
  return typeof record === "number" ? record : (record?.t ?? null);
}

export function millis(/** @type {number} */ micros) {
  return `${Math.round(micros / 1000)} ms`;
}

export function isWrite(/** @type {Operation} */ { ph, cmd }) {
  return ph === "inv" && cmd !== undefined && cmd.startsWith("put ");
}

/** The index of an entry with some text among those that were appended. */
export function place(/** @type {Appended} */ { e }, /** @type {string | undefined} */ text) {
  return e.find(([, , said]) => said === text)?.[0] ?? 0;
}

/** Whether an entry with some text is among these. */
export function has(/** @type {readonly Entry[]} */ entries, /** @type {string} */ text) {
  return entries.some(([, , said]) => said === text);
}

/** Whether an entry says who belongs to the cluster. */
export function isMembers(/** @type {Entry} */ [, , text]) {
  return text.startsWith("members");
}
