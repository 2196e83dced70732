// @ts-check
// The replay: a recording, the place in it in story time, and how fast that place moves. There is
// none while the page is live.

import { busy } from "../model/busy.js";
import { countWhile } from "../model/count.js";
import { isChange } from "../model/recording.js";
import { Warp } from "../model/warp.js";

/** @import { Recording } from "../model/recording.js" */
/** @import { StoryRecord } from "../protocol.js" */
/**
 * @typedef {object} Clip
 * @property {Recording} recording
 * @property {number} from
 * @property {number} to
 * @property {number} origin the time that is called 0
 * @property {string} title
 */
/**
 * @typedef {object} Opening
 * @property {number} [at] the trace time to begin at
 * @property {boolean} playing
 * @property {boolean} [directed] whether quiet stretches are passed over quickly
 */

/** Story time per screen time. */
const SPEEDS = [0.125, 0.25, 0.5, 1, 2, 4, 8];

export class Player {
  /** @type {Clip | null} */
  clip = null;
  warp = new Warp(0, 0, []);
  /** Where the replay is, in story time. */
  story = 0;
  playing = false;
  /** Whether quiet stretches are passed over quickly. */
  directed = false;
  /** Where it pauses by itself, in trace time. */
  rest = Infinity;
  #speed = SPEEDS.indexOf(1);
  /** The times at which something happens. @type {number[]} */
  moments = [];
  /** Those at which more than a message comes or goes. @type {number[]} */
  #changes = [];

  /** Begins a replay, from its beginning or from a trace time. */
  open(
    /** @type {Clip} */ clip,
    /** @type {Opening} */ { at = clip.from, playing, directed = false },
  ) {
    const { recording, from, to } = clip;
    const inside = recording.between(from, to);
    this.clip = clip;
    this.directed = directed;
    this.#pace(clip);
    this.moments = times(inside.filter((record) => record.k !== "tm" && record.k !== "key"));
    this.#changes = times(inside.filter((record) => isChange(record) && record.k !== "key"));
    this.story = this.warp.story(at);
    this.playing = playing;
    this.rest = Infinity;
  }

  /** Whether quiet stretches are passed over quickly, from here on the other way. */
  direct() {
    if (!this.clip) return;
    const { t } = this;
    this.directed = !this.directed;
    this.#pace(this.clip);
    this.story = this.warp.story(t);
  }

  #pace(/** @type {Clip} */ { recording, from, to }) {
    const worth = this.directed ? busy(recording, from, to) : null;
    this.warp = new Warp(from, to, recording.messages.between(from, to), worth);
  }

  close() {
    this.clip = null;
    this.playing = false;
  }

  /** The trace time to be drawn. */
  get t() {
    return this.warp.time(this.story);
  }

  /** How many of the moments have passed. */
  get passed() {
    const { t } = this;
    return countWhile(this.moments, (moment) => moment <= t + 0.5);
  }

  /** How many times slower than life the replay is here, with the reader's choice of speed. */
  get rate() {
    return this.warp.rate(this.story) / SPEEDS[this.#speed];
  }

  /** Lets screen time pass, in microseconds. */
  advance(/** @type {number} */ passed) {
    if (!this.playing) return;
    const rest = this.t < this.rest - 0.5 ? this.warp.story(this.rest) : this.warp.length;
    this.story = Math.min(rest, this.story + passed * SPEEDS[this.#speed]);
    if (this.story >= rest) this.playing = false;
  }

  toggle() {
    if (!this.playing && this.story >= this.warp.length) this.story = 0;
    this.playing = !this.playing;
  }

  /** Goes to a part of the whole, from 0 to 1. */
  seek(/** @type {number} */ part) {
    this.story = Math.min(1, Math.max(0, part)) * this.warp.length;
  }

  /** Goes to a trace time, and stays there. */
  seekTime(/** @type {number} */ t) {
    this.playing = false;
    this.story = this.warp.story(t);
  }

  /** Goes to the next or the previous moment, or to the next that changes a member. */
  step(/** @type {1 | -1} */ direction, /** @type {boolean} */ onlyChanges) {
    this.playing = false;
    const moments = onlyChanges ? this.#changes : this.moments;
    const { t } = this;
    const end = direction > 0 ? this.warp.length : 0;
    // Story time is a fraction; half a microsecond apart is the same moment.
    const next =
      direction > 0
        ? moments[countWhile(moments, (moment) => moment <= t + 0.5)]
        : moments[countWhile(moments, (moment) => moment < t - 0.5) - 1];
    this.story = next === undefined ? end : this.warp.story(next);
  }

  faster(/** @type {1 | -1} */ direction) {
    this.#speed = Math.min(SPEEDS.length - 1, Math.max(0, this.#speed + direction));
  }
}

/** The different times of some records, in order. */
function times(/** @type {StoryRecord[]} */ records) {
  return [...new Set(records.map((record) => record.t))];
}
