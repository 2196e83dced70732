// @ts-check
// What the shapes mean.

import { say } from "../text.js";
import { glyph } from "./glyph.js";
import { patch, shape } from "./tree.js";

/** @import { Kind } from "./glyph.js" */
/** @import { Shape } from "./tree.js" */

export function drawLegend(/** @type {Element} */ place) {
  const plain = { term: 0, ok: true, share: 0, texts: /** @type {string[]} */ ([]) };
  patch(place, [
    shape("b", {}, say("legendRule")),
    item(message({ ...plain, m: "RV" }), say("legendVote")),
    item(message({ ...plain, m: "RVR" }), say("legendGranted")),
    item(message({ ...plain, m: "HB" }), say("legendHeartbeat")),
    item(message({ ...plain, m: "AE", texts: ["x=8"] }, 56), say("legendEntries")),
    item(message({ ...plain, m: "AER" }), say("legendAck")),
    item(timer(), say("legendTimer")),
    item(log(), say("legendLog")),
  ]);
}

function item(/** @type {Shape} */ picture, /** @type {string} */ text) {
  return shape("span", {}, [picture, shape("span", {}, text)]);
}

function message(/** @type {Kind} */ kind, width = 34) {
  const view = `${-width / 2 - 5} -13 ${width} 26`;
  return shape("svg", { width: width * 0.8, height: 21, viewBox: view }, [glyph(kind, 0)]);
}

function timer() {
  return shape("svg", { width: 20, height: 20, viewBox: "-10 -10 20 20" }, [
    shape("circle", { r: 7.5, class: "ring track" }),
    shape("path", { class: "ring", d: "M0 -7.5A7.5 7.5 0 1 1 -5.1 5.5" }),
  ]);
}

function log() {
  return shape("svg", { width: 44, height: 20, viewBox: "0 0 44 20", class: "t0" }, [
    shape("g", { class: "cell committed" }, [
      shape("rect", { x: 2, y: 2, width: 16, height: 16, rx: 4 }),
    ]),
    shape("g", { class: "cell" }, [shape("rect", { x: 25, y: 2, width: 16, height: 16, rx: 4 })]),
    shape("line", { x1: 21.5, x2: 21.5, y1: 0, y2: 20, class: "commit-bar" }),
  ]);
}
