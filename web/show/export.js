// @ts-check
// Saves what is shown: the stage as SVG or PNG, the trace as NDJSON. A saved picture stands by
// itself, so every element carries the looks that the page's style gave it.

import { say } from "../text.js";

/** @import { Face, Part } from "./types.js" */

const LOOKS = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "letter-spacing",
  "text-anchor",
  "paint-order",
];
/** A PNG has this many dots for each pixel of the page. */
const SHARPNESS = 2;

/**
 * @param {"svg" | "png" | "ndjson"} kind
 * @param {Face | null} face
 * @param {Part} part
 */
export async function saveAs(kind, face, part) {
  const trace = face?.trace();
  const name = `quorate-${(trace?.name ?? "stage").replace(/\W+/g, "-")}.${kind}`;
  const blob = kind === "ndjson" ? trace && text(trace.text) : await image(part("stage"), kind);
  if (!blob) return;
  save(blob, name);
  part("announce").textContent = say("exported", { name });
}

function text(/** @type {string} */ content) {
  return new Blob([content], { type: "application/x-ndjson" });
}

async function image(/** @type {SVGSVGElement} */ stage, /** @type {string} */ kind) {
  const { clientWidth: width, clientHeight: height } = stage;
  const source = new XMLSerializer().serializeToString(dressed(stage, width, height));
  const blob = new Blob([source], { type: "image/svg+xml" });
  if (kind === "svg") return blob;
  const picture = new Image(width, height);
  const url = URL.createObjectURL(blob);
  picture.src = url;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * SHARPNESS;
  canvas.height = height * SHARPNESS;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  return new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done));
}

/** A copy of the stage that looks the same without the page's style, on paper. */
function dressed(
  /** @type {SVGSVGElement} */ stage,
  /** @type {number} */ width,
  /** @type {number} */ height,
) {
  const copy = /** @type {SVGSVGElement} */ (stage.cloneNode(true));
  const shown = stage.querySelectorAll("*");
  for (const [place, element] of copy.querySelectorAll("*").entries()) {
    const style = getComputedStyle(shown[place]);
    for (const look of LOOKS) element.setAttribute(look, style.getPropertyValue(look));
    element.removeAttribute("class");
  }
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(paper);
  return copy;
}

function save(/** @type {Blob} */ blob, /** @type {string} */ name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
