// @ts-check
// What clients were told. A linearizable read must not be told the past: a value that somebody had
// replaced, and was told so, before the read was asked for. What may have been right is let pass.

/** @import { Operation } from "../protocol.js" */
/** @typedef {{key: string, value: string, from: number, to: number, by: string}} Write */

export class History {
  /** What was asked and is not answered, by its name. @type {Map<string, Operation>} */
  #open = new Map();
  /** Those that were acknowledged; a deletion writes nothing. @type {Write[]} */
  #writes = [];
  /** Whether something was asked for of which it is not clear what it wrote. */
  #unsure = false;

  /** Of a read that is answered: its key, and who took the write that it should have seen. */
  see(/** @type {Operation} */ record) {
    if (record.ph === "inv") this.#open.set(record.op, record);
    this.#unsure ||= !/^(put|del|get) /.test(record.cmd ?? "get ");
    const asked = this.#open.get(record.op);
    if (record.ph !== "ok" || !asked) return null;
    this.#open.delete(record.op);
    const [verb, key, value = ""] = (asked.cmd ?? "").split(" ");
    if (verb !== "get")
      this.#writes.push({ key, value, from: asked.t, to: record.t, by: asked.n });
    // Who reads what a member has, right or not, was promised nothing.
    if (verb !== "get" || value === "local" || record.val === undefined) return null;
    return { key, by: this.#replacer(key, record.val, asked.t) };
  }

  /** Who took a write that replaced a value before a time. @returns {string | null} */
  #replacer(/** @type {string} */ key, /** @type {string} */ value, /** @type {number} */ t) {
    // Somebody who still waits, or whose answer got lost, may have written it.
    const writing = value === "" ? `del ${key}` : `put ${key} ${value}`;
    const isOpen = [...this.#open.values()].some(({ cmd }) => cmd === writing);
    const all = this.#writes.filter((one) => one.key === key);
    const [own, other] = all.filter((one) => one.value === value);
    if (this.#unsure || isOpen || other || (!own && value !== "")) return null;
    const since = own?.to ?? 0;
    return all.find(({ from, to }) => from > since && to < t)?.by ?? null;
  }
}
