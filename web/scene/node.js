// @ts-check
// One member: the disc says the role by its form, the ring around it is the election timer, the
// label above says who it is. What hangs below it is drawn apart, above the messages.

import { cut } from "../model/short.js";
import { duration, say } from "../text.js";
import { CROWN } from "./glyph.js";
import { strip } from "./strip.js";
import { at, round, shape } from "./tree.js";
import { termClass } from "./term.js";

/** @import { PictureMember } from "../model/types.js" */
/** @import { Point } from "./layout.js" */
/** @import { Shape } from "./tree.js" */

/** A timer with less than this part left is drawn in ink. */
const HOT = 0.28;

/**
 * @param {PictureMember} member
 * @param {Point} place
 * @param {number} radius
 * @returns {Shape}
 */
export function node(member, place, radius) {
  const leads = member.role === "L" && !member.paused;
  const role = member.paused ? "paused" : `role${member.role}`;
  const look = member.learns ? `${role} learner` : role;
  return shape(
    "g",
    {
      key: member.name,
      class: `node ${look} ${termClass(member.term)}${member.chosen ? " chosen" : ""}`,
      "data-name": member.name,
      transform: at(place.x, place.y),
    },
    [
      member.chosen && shape("circle", { key: "chosen", r: radius + 21, class: "choice" }),
      member.pulse > 0 &&
        shape("circle", {
          key: "pulse",
          r: round(radius + 10 + 16 * (1 - member.pulse)),
          class: "pulse",
          opacity: round(member.pulse * 0.7),
        }),
      ...(leads ? halo(radius) : timer(member, radius)),
      shape("circle", { key: "disc", r: radius, class: "disc" }),
      ...centre(member, radius),
      leads &&
        shape("path", {
          key: "crown",
          class: "crown",
          d: CROWN,
          transform: `translate(0 ${-radius - 17}) scale(1.05)`,
        }),
      label(member, radius, leads),
    ],
  );
}

/**
 * What hangs below a member: its log, or the votes that it has while it is a candidate.
 * @param {PictureMember} member
 * @param {Point} place
 * @param {number} radius
 * @param {number} room how wide it may be
 * @returns {Shape}
 */
export function below(member, place, radius, room) {
  const inner = member.tally ? votes(member.tally) : strip(member, room);
  return shape(
    "g",
    {
      key: member.name,
      class: `below role${member.role} ${termClass(member.term)}`,
      transform: at(place.x, place.y + radius + 19),
    },
    inner,
  );
}

function halo(/** @type {number} */ radius) {
  return [
    shape("circle", { key: "halo1", r: radius + 8, class: "halo near" }),
    shape("circle", { key: "halo2", r: radius + 14, class: "halo far" }),
  ];
}

/** @returns {(Shape | false)[]} */
function timer(/** @type {PictureMember} */ member, /** @type {number} */ radius) {
  const left = member.timer;
  const hot = left !== null && left.part < HOT ? " hot" : "";
  return [
    member.role !== "X" && shape("circle", { key: "track", r: radius + 8, class: "track" }),
    left !== null &&
      left.part > 0 &&
      shape("path", { key: "timer", class: `timer${hot}`, d: arc(radius + 8, left.part) }),
    left !== null &&
      radius > 34 &&
      shape(
        "text",
        { key: "ms", class: `ms mono${hot}`, x: radius + 13, y: -radius + 12 },
        say("millis", { n: left.ms.toFixed(0) }),
      ),
  ];
}

/** An arc from the top, clockwise, that is a part of a whole circle. */
function arc(/** @type {number} */ r, /** @type {number} */ part) {
  const angle = 2 * Math.PI * Math.min(part, 0.9999);
  const far = part > 0.5 ? 1 : 0;
  const [x, y] = [round(r * Math.sin(angle)), round(-r * Math.cos(angle))];
  return `M0 ${-r}A${r} ${r} 0 ${far} 1 ${x} ${y}`;
}

function centre(/** @type {PictureMember} */ member, /** @type {number} */ radius) {
  const text = cut(member.value, 7);
  const scale = radius / 37;
  const size = [...text].length <= 3 ? 27 : [...text].length <= 5 ? 19 : 14;
  return [
    shape(
      "text",
      { key: "value", class: "value mono", y: round(6 * scale), "font-size": round(size * scale) },
      text || "·",
    ),
    shape(
      "text",
      {
        key: "term",
        class: "term mono",
        y: round(24 * scale),
        "font-size": round(Math.max(9, 11 * scale)),
      },
      `T${member.term}`,
    ),
  ];
}

function label(
  /** @type {PictureMember} */ member,
  /** @type {number} */ radius,
  /** @type {boolean} */ leads,
) {
  return shape("text", { key: "label", class: "label", y: -radius - (leads ? 33 : 20) }, [
    shape("tspan", { class: "name" }, member.name),
    shape("tspan", { class: "role", dx: 6 }, named(member)),
    shape("tspan", { class: "voted", dx: 6 }, remark(member, radius)),
  ]);
}

function named(/** @type {PictureMember} */ { paused, learns, role }) {
  if (paused) return say("paused");
  return learns && role === "F" ? say("learner") : say(role);
}

/** What else there is to say of a member: that it is silent, or whom it voted for. */
function remark(/** @type {PictureMember} */ member, /** @type {number} */ radius) {
  if (member.silent !== null) return say("silent", { age: duration(member.silent) });
  const follows = member.role === "F" && member.vote !== null && radius > 34;
  return follows ? say("voted", { name: member.vote ?? "" }) : "";
}

/** One dot per voter, filled when its vote has come. */
function votes(/** @type {boolean[]} */ tally) {
  return tally.map((given, place) =>
    shape("circle", {
      key: `vote${place}`,
      class: given ? "vote given" : "vote",
      r: 4.5,
      cy: 4,
      cx: (place - (tally.length - 1) / 2) * 13,
    }),
  );
}
