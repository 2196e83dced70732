// @ts-check
// What the page has heard so far: the last half minute of records, the members' time, and the
// elections, each with a recording of its own that outlives the half minute.

import { LiveClock } from "../model/clock.js";
import { ElectionWatch, span } from "../model/elections.js";
import { blank } from "../model/fold.js";
import { KEPT, Recording } from "../model/recording.js";

/** @import { Election } from "../model/types.js" */
/** @import { Trace } from "../model/file.js" */
/** @import { Hello, TraceRecord } from "../protocol.js" */
/** @import { Told } from "./figures.js" */
/** @typedef {Election & {clip: Recording, from: number, to: number}} Kept */

/** How many elections can be replayed. */
const ELECTIONS = 8;

export class Session {
  recording = new Recording();
  clock = new LiveClock();
  /** @type {Hello | null} */
  hello = null;
  /** The newest first. @type {Kept[]} */
  elections = [];
  /** The last figures of each member. @type {Map<string, Told>} */
  figures = new Map();
  connected = false;
  isRefused = false;
  /** Page time, in milliseconds, of the last sign of the stream. */
  heard = 0;
  #watch = new ElectionWatch(this.recording, 0);

  open() {
    this.connected = true;
    this.isRefused = false;
  }

  broken() {
    this.connected = false;
  }

  /** The members show nothing to the reader before they say who they are. */
  refused() {
    this.isRefused = true;
    this.hello = null;
    this.figures.clear();
    this.elections = [];
    this.recording = new Recording();
    this.#watch = new ElectionWatch(this.recording, 0);
  }

  /** Takes in a record that came at page time `now`, in milliseconds. */
  take(/** @type {TraceRecord} */ record, /** @type {number} */ now) {
    this.heard = now;
    if (record.k === "hello") {
      this.#begin(record);
      return;
    }
    if (typeof record.n !== "string") return;
    // A key tells of a member that may have been silent for long: its time says nothing of now.
    if (record.k !== "key") this.clock.hear(record.t, now * 1000);
    if (record.k === "ag") {
      this.figures.set(record.n, { figures: record, at: now });
      return;
    }
    this.recording.add(record);
    this.#watch.see(record);
  }

  /**
   * Drops what is too old, and keeps the elections that can now be told.
   * @returns {Kept[]} the new ones
   */
  tidy() {
    const found = this.#watch.finished().map((election) => {
      const { from, to } = span(election);
      return { ...election, clip: this.recording.slice(from, to), from, to };
    });
    this.elections = [...found.reverse(), ...this.elections].slice(0, ELECTIONS);
    this.recording.forget(this.recording.to - KEPT);
    return found;
  }

  /** Takes in what the members remember of elections before the stream began. */
  recall(/** @type {Trace} */ { hello, recording }) {
    const watch = new ElectionWatch(recording, hello.timing.heartbeat_us);
    recording.records.forEach((record) => watch.see(record));
    const known = new Set(this.elections.map(({ term }) => term));
    const past = watch.finished(true).filter(({ term }) => !known.has(term));
    const kept = past.map((election) => {
      const { from, to } = span(election);
      return { ...election, clip: recording.slice(from, to), from, to };
    });
    const all = [...this.elections, ...kept].sort((a, b) => b.term - a.term);
    this.elections = all.slice(0, ELECTIONS);
  }

  /** Everything begins anew; elections of the same cluster can still be replayed. */
  #begin(/** @type {Hello} */ hello) {
    if (this.hello && this.hello.cluster !== hello.cluster) this.elections = [];
    this.hello = hello;
    this.figures.clear();
    this.recording = new Recording(blank(hello.nodes.map((node) => node.id)));
    this.#watch = new ElectionWatch(this.recording, hello.timing.heartbeat_us);
  }
}
