// @ts-check
// Messages: the shape says which kind, the colour says which term. Each is drawn flying to the
// right around 0,0; the caller turns and places it. What must stay upright is turned back.

import { cut } from "../model/short.js";
import { shape } from "./tree.js";
import { termClass } from "./term.js";

/** @import { Flight } from "../model/types.js" */
/** @import { Shape } from "./tree.js" */
/** @typedef {Pick<Flight, "m" | "term" | "ok" | "texts" | "share">} Kind */

/**
 * @param {Kind} message
 * @param {number} angle in degrees, the direction of its flight
 * @returns {Shape}
 */
export function glyph(message, angle) {
  const [tailLength, body] = draw(message);
  const tail =
    tailLength > 0 &&
    shape("line", {
      x1: 0,
      y1: 0,
      x2: -tailLength,
      y2: 0,
      class: "tail",
      transform: `rotate(${Math.round(angle)})`,
    });
  return shape("g", { class: `glyph ${termClass(message.term)}` }, [tail, ...body]);
}

/**
 * The length of the tail and the upright body of a message.
 * @param {Kind} message
 * @returns {[number, Shape[]]}
 */
function draw(message) {
  switch (message.m) {
    case "PV":
    case "RV":
      return [26, [diamond(8, message.m === "PV" ? "solid pre" : "solid"), sign("?", "on", 11)]];
    case "PVR":
    case "RVR":
      return [20, [diamond(7, message.m === "PVR" ? "open pre" : "open"), verdict(message.ok)]];
    case "AE":
      return message.texts.length > 0 ? entries(message.texts) : [16, [dot(4, "open")]];
    case "AER":
      return [16, [dot(7.5, "open"), verdict(message.ok)]];
    case "HB":
      return [20, [dot(5, "solid")]];
    case "HBR":
      return [0, [dot(4, "open")]];
    case "FW":
      return [24, [pill(message.texts)]];
    case "RI":
      return [18, [shape("path", { d: "M8 0L-6 -7.5V7.5Z", class: "solid" })]];
    case "RIR":
      return [14, [shape("path", { d: "M7 0L-5 -6.5V6.5Z", class: "open" })]];
    case "TN":
      return [34, [shape("path", { d: CROWN, class: "solid handover", transform: "scale(.85)" })]];
    case "IS":
      return [36, chunk(message.share)];
    case "ISR":
      return [14, [dot(7.5, "open"), shape("path", { d: "M-3 -2.2H3M-3 2.2H3", class: "mark" })]];
    case "RC":
      return [24, [pill(message.texts)]];
    case "RCR":
      return [16, [dot(7.5, "open"), verdict(message.ok)]];
    default:
      return [0, []];
  }
}

function diamond(/** @type {number} */ half, /** @type {string} */ look) {
  return shape("rect", {
    x: -half,
    y: -half,
    width: 2 * half,
    height: 2 * half,
    rx: 2,
    class: look,
    transform: "rotate(45)",
  });
}

function dot(/** @type {number} */ r, /** @type {string} */ look) {
  return shape("circle", { r, class: look });
}

function sign(/** @type {string} */ text, /** @type {string} */ look, /** @type {number} */ size) {
  return shape("text", { y: size * 0.37, "font-size": size, class: `sign ${look}` }, text);
}

/** A tick or a cross, drawn and not written, so that no font can change it. */
function verdict(/** @type {boolean} */ ok) {
  return shape("path", {
    d: ok ? "M-3.2 .2L-1 2.6L3.4 -2.6" : "M-2.6 -2.6L2.6 2.6M2.6 -2.6L-2.6 2.6",
    class: "mark",
  });
}

/**
 * A rounded card with the entries' texts; of many, the last one and how many more.
 * @param {string[]} texts
 * @returns {[number, Shape[]]}
 */
function entries(texts) {
  const last = texts[texts.length - 1];
  const text = texts.length > 1 ? `${texts.length}: ${cut(last, 6)}` : cut(last, 8);
  if (last === "noop" && texts.length === 1) {
    return [36, [card(24), shape("circle", { r: 2.6, class: "on" })]];
  }
  const width = Math.max(26, 7.4 * [...text].length + 14);
  return [width / 2 + 22, [card(width), sign(text, "on mono", 12)]];
}

function card(/** @type {number} */ width) {
  return shape("rect", { x: -width / 2, y: -11, width, height: 22, rx: 6, class: "solid" });
}

/** A piece of a snapshot: a stack of cards, and how much of it has come before. */
function chunk(/** @type {number} */ share) {
  const bar = { x: -10, y: 2, height: 4, rx: 2 };
  return [
    shape("rect", { x: -13, y: -13, width: 28, height: 20, rx: 5, class: "open" }),
    shape("rect", { x: -15, y: -10, width: 28, height: 20, rx: 5, class: "solid" }),
    shape("rect", { ...bar, width: 18, class: "on", opacity: 0.35 }),
    shape("rect", { ...bar, width: 3 + 15 * share, class: "on" }),
    shape("path", { d: "M-10 -5H8M-10 -1.5H3", class: "lines" }),
  ];
}

function pill(/** @type {string[]} */ texts) {
  const text = cut(texts[0] ?? "", 8);
  const width = 7 * [...text].length + 18;
  return shape("g", { class: "client" }, [
    shape("rect", { x: -width / 2, y: -10.5, width, height: 21, rx: 10.5 }),
    shape("text", { y: 4, "font-size": 11, class: "sign mono" }, text),
  ]);
}

/** The sign of a leader, its foot at 0,5. */
export const CROWN = "M-11 5L-13 -6L-6 -1L0 -9L6 -1L13 -6L11 5Z";
