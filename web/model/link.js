// @ts-check
// Where the reader is, as the part of the address after `#`. A link holds all that a run needs to
// be had again, for a run is nothing but its scenario, its seed and what was done to it:
//
//   #story/9               a chapter
//   #story/9/3             at its third beat
//   #story/9?t=846000      at a time
//   #story/11?off=1        as it goes when the chapter's rule is missing
//   #play?s=five&seed=18&a=450:cut:AB-CDE&until=1500&t=846000
//   #live   #open

/** @typedef {"story" | "play" | "live" | "open"} FaceName */
/**
 * @typedef {object} Spec
 * @property {string} scenario
 * @property {number} seed
 * @property {string} actions
 * @property {number} until in milliseconds
 * @property {string} [recorded] the name of a recorded trace, which is shown instead of a run
 */
/**
 * @typedef {object} Place
 * @property {FaceName} face
 * @property {number | null} chapter
 * @property {number} [beat] counted from 1
 * @property {number} [off] which of the chapter's rules is missing, counted from 1
 * @property {Spec | null} spec
 * @property {number | null} t
 */

const FACES = /** @type {const} */ (["story", "play", "live", "open"]);
/** The longest run that a link may ask for, in milliseconds; the server has its own bound. */
const UNTIL_MAX = 60_000;

/**
 * What does not make sense is left out: an old or damaged link leads somewhere still.
 * @param {string} hash
 * @returns {Place}
 */
export function readLink(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?", 2);
  const [name, part, step] = path.split("/");
  const face = FACES.find((one) => one === name) ?? "live";
  const values = new URLSearchParams(query);
  const scenario = values.get("s");
  const spec = {
    scenario: scenario ?? "",
    seed: number(values.get("seed"), 0, Number.MAX_SAFE_INTEGER) ?? 1,
    actions: values.get("a") ?? "",
    until: number(values.get("until"), 1, UNTIL_MAX) ?? 2000,
  };
  const off = face === "story" ? number(values.get("off"), 1, 9) : null;
  const beat = face === "story" ? number(step, 1, 99) : null;
  return {
    face,
    chapter: face === "story" ? (number(part, 1, 99) ?? 1) : null,
    ...(beat === null ? {} : { beat }),
    ...(off === null ? {} : { off }),
    spec: scenario === null ? null : spec,
    t: number(values.get("t"), 0, Number.MAX_SAFE_INTEGER),
  };
}

/** @returns {string} with the `#` */
export function writeLink(/** @type {Place} */ { face, chapter, beat, off, spec, t }) {
  const values = new URLSearchParams();
  if (off) values.set("off", String(off));
  if (spec) {
    values.set("s", spec.scenario);
    values.set("seed", String(spec.seed));
    if (spec.actions) values.set("a", spec.actions);
    values.set("until", String(spec.until));
  }
  if (t !== null) values.set("t", String(Math.round(t)));
  const path = [face, chapter, beat].filter((one) => one !== null && one !== undefined).join("/");
  // These may stand in an address as they are, and a reader can read them there.
  const query = values.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return query ? `#${path}?${query}` : `#${path}`;
}

/** A whole number within bounds, or null. */
function number(
  /** @type {string | null | undefined} */ text,
  /** @type {number} */ least,
  /** @type {number} */ most,
) {
  if (!text || !/^\d+$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}
