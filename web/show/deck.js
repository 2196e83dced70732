// @ts-check
// The bottom of the page: the diagram, and the bar with the buttons, the tape and the clock.

import { KEPT } from "../model/recording.js";
import { liveAxis, replayAxis } from "../scene/axis.js";
import { drawDiagram } from "../scene/diagram.js";
import { drawTape, MARGIN } from "../scene/tape.js";
import { say } from "../text.js";
import { sizeOf } from "./size.js";

/** @import { Recording } from "../model/recording.js" */
/** @import { Paint } from "../scene/paint.js" */
/** @import { Player } from "./player.js" */
/** @import { Selection } from "./selection.js" */
/** @import { Part } from "./types.js" */
/** @typedef {(x: number, y: number) => string | null} Hit */

/** How much time the diagram holds: true time when live, story time in a replay. */
const LIVE_SPAN = { wide: 9_000_000, compact: 3_000_000 };
const REPLAY_SPAN = { wide: 12_000_000, compact: 5_000_000 };
/** Live, the tape moves on by so much at once: at half a minute in all, that is a pixel or five. */
const TAPE_STEP = 250_000;
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const PLAY = "M5 3l8 5-8 5z";
const HOLD = "M5 3v10M11 3v10";

export class Deck {
  #canvas;
  #ink;
  #tape;
  #parts;
  #size;
  #tapeSize;

  /** What the diagram was last drawn with, for a click on it. @type {Hit | null} */
  #hit = null;
  #selection;

  /**
   * @param {Part} part
   * @param {Selection} selection
   */
  constructor(part, selection) {
    this.#selection = selection;
    this.#canvas = /** @type {HTMLCanvasElement} */ (part("diagram"));
    this.#ink = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    this.#tape = /** @type {SVGSVGElement} */ (part("tape"));
    this.#size = sizeOf(this.#canvas);
    this.#tapeSize = sizeOf(this.#tape);
    const names =
      "restart back play play-sign forward slower faster speed clock clock-unit to-live count";
    this.#parts = Object.fromEntries(names.split(" ").map((name) => [name, part(name)]));
  }

  /**
   * Draws the last seconds before `t`.
   * @param {Recording} recording
   * @param {number} t
   * @param {Paint} paint
   * @param {boolean} live whether there is a stream, or nothing at all
   */
  drawLive(recording, t, paint, live) {
    const size = this.#fit();
    const span = size.compact ? LIVE_SPAN.compact : LIVE_SPAN.wide;
    const axis = liveAxis(t, size.compact ? 30 : 64, size.width - (size.compact ? 0 : 6), span);
    const { message } = this.#selection;
    const note = live ? say("diagramLive") : "";
    const ink = this.#ink;
    this.#hit = drawDiagram({ ink, ...size, axis, paint, message }, recording, note);
    const to = Math.floor(t / TAPE_STEP) * TAPE_STEP;
    const from = to - KEPT;
    const part = (/** @type {number} */ at) => (at - from) / KEPT;
    drawTape(this.#tape, this.#tapeSize, recording, { from, to, part, at: null });
    this.#tell(null, live ? new Date(t / 1000).toTimeString().slice(0, 8) : "", "");
    this.#parts["to-live"].hidden = true;
    for (const name of ["back", "play"]) this.#parts[name].disabled = !live;
  }

  /**
   * @param {Player} player
   * @param {Paint} paint
   * @param {boolean} live whether one can go back to a live picture
   */
  drawReplay(player, paint, live) {
    if (!player.clip) return;
    const { recording, from, to, origin } = player.clip;
    const size = this.#fit();
    const axis = replayAxis(player.warp, player.story, origin, {
      left: size.compact ? 30 : 64,
      right: size.width - (size.compact ? 8 : 20),
      span: size.compact ? REPLAY_SPAN.compact : REPLAY_SPAN.wide,
      part: size.compact ? 0.62 : 0.735,
    });
    const { message } = this.#selection;
    const note = say("diagramReplay");
    const ink = this.#ink;
    this.#hit = drawDiagram({ ink, ...size, axis, paint, message }, recording, note);
    const part = (/** @type {number} */ at) => player.warp.story(at) / player.warp.length;
    drawTape(this.#tape, this.#tapeSize, recording, { from, to, part, at: part(player.t) });
    this.#tell(player, ((player.t - origin) / 1000).toFixed(2), "ms");
    this.#parts["to-live"].hidden = !live;
    for (const name of ["back", "play"]) this.#parts[name].disabled = false;
  }

  /** Calls back with the part of the tape that the reader points at, from 0 to 1. */
  onSeek(/** @type {(part: number) => void} */ seek) {
    let left = 0;
    const at = (/** @type {PointerEvent} */ event) =>
      seek((event.clientX - left - MARGIN) / (this.#tapeSize.width - 2 * MARGIN));
    const begin = (/** @type {PointerEvent} */ event) => {
      ({ left } = this.#tape.getBoundingClientRect());
      at(event);
    };
    drag(this.#tape, begin, at);
  }

  /** Calls back with how far the reader drags the diagram, as a part of its story time. */
  onPull(/** @type {(story: number) => void} */ pull) {
    let last = 0;
    drag(
      this.#canvas,
      (event) => {
        last = event.clientX;
      },
      (event) => {
        const { width } = this.#size;
        const span = width <= 700 ? REPLAY_SPAN.compact : REPLAY_SPAN.wide;
        pull(((last - event.clientX) / width) * span);
        last = event.clientX;
      },
    );
  }

  /** Calls back with the message that the reader points at in the diagram. */
  onPick(/** @type {(key: string) => void} */ pick) {
    this.#canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      const found = this.#hit?.(offsetX, offsetY);
      if (found) pick(found);
    });
  }

  /** The buttons and figures; `player` is null while the page is live. */
  #tell(
    /** @type {Player | null} */ player,
    /** @type {string} */ time,
    /** @type {string} */ unit,
  ) {
    const { play, clock, count, speed } = this.#parts;
    const running = player === null || player.playing;
    this.#parts["play-sign"].setAttribute("d", running ? HOLD : PLAY);
    label(play, player === null ? say("freeze") : running ? say("hold") : say("play"));
    for (const name of ["restart", "forward", "slower", "faster", "speed"])
      this.#parts[name].disabled = player === null;
    set(clock, time);
    set(this.#parts["clock-unit"], unit);
    speed.setAttribute("aria-pressed", String(player?.directed ?? false));
    set(speed, player ? pace(player.rate) : "1/1");
    set(count, player ? say("count", { at: player.passed, of: player.moments.length }) : "");
    const now = player ? Math.round((player.story / player.warp.length) * 100) : 100;
    this.#tape.setAttribute("aria-valuemin", "0");
    this.#tape.setAttribute("aria-valuemax", "100");
    this.#tape.setAttribute("aria-valuenow", String(now));
    this.#tape.setAttribute("aria-valuetext", player ? `${time} ${unit}` : say("now"));
    label(this.#tape, player ? say("tape") : say("tapeLive"));
  }

  /** Makes the canvas as sharp as the screen. */
  #fit() {
    const { width, height } = this.#size;
    const ratio = devicePixelRatio;
    if (
      this.#canvas.width !== Math.round(width * ratio) ||
      this.#canvas.height !== Math.round(height * ratio)
    ) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    this.#ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    return { width, height, compact: width <= 700 };
  }
}

/** How many times slower than life; what runs as fast as life, or faster, says so too. */
function pace(/** @type {number} */ rate) {
  if (rate < 1) return `${(1 / rate).toFixed(1)}×`;
  return `1/${WHOLE.format(rate)}`;
}

function set(/** @type {Element} */ element, /** @type {string} */ text) {
  if (element.textContent !== text) element.textContent = text;
}

function label(/** @type {Element} */ element, /** @type {string} */ text) {
  if (element.getAttribute("aria-label") !== text) element.setAttribute("aria-label", text);
}

/**
 * @param {HTMLCanvasElement | SVGSVGElement} found
 * @param {(event: PointerEvent) => void} begin
 * @param {(event: PointerEvent) => void} move
 */
function drag(found, begin, move) {
  const element = /** @type {HTMLElement} */ (/** @type {Element} */ (found));
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    begin(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(event);
  });
}
