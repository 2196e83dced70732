// @ts-check
// What the playground offers: which run, and what can be done in it at the moment that is shown.

import { offerButtons } from "../run/buttons.js";
import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { say } from "../text.js";
import { linkOffers, memberOffers } from "./offers.js";

/** @import { Frame, Member } from "../model/types.js" */
/** @import { Spec } from "../model/link.js" */
/** @import { Offer } from "../run/actions.js" */
/** @import { Runner } from "../run/runner.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { Selection } from "../show/selection.js" */
/** @import { Word } from "../text.js" */

/** The clusters that the engine knows: docs/scenarios.md. @type {[string, Word][]} */
const CLUSTERS = [
  ["one", "clusterOne"],
  ["three", "clusterThree"],
  ["four", "clusterFour"],
  ["five", "clusterFive"],
  ["seven", "clusterSeven"],
  ["lease", "clusterLease"],
  ["compact", "clusterCompact"],
  ["apart", "clusterApart"],
];
/** No cluster has more members. */
const MEMBERS_MAX = 9;

/** The form stays as the reader left it until another run is shown. */
export function drawRun(/** @type {HTMLFormElement} */ form, /** @type {Spec} */ spec) {
  patch(form, [
    shape("label", { key: "scenario" }, [
      shape("span", {}, say("clusterKind")),
      shape(
        "select",
        { name: "scenario" },
        CLUSTERS.map(([name, word]) => shape("option", { key: name, value: name }, say(word))),
      ),
    ]),
    shape("label", { key: "seed" }, [
      shape("span", {}, say("seedWord")),
      shape("input", { name: "seed", class: "mono", inputmode: "numeric", maxlength: 12 }),
    ]),
    shape("label", { key: "until" }, [
      shape("span", {}, say("untilWord")),
      shape("input", { name: "until", class: "mono", inputmode: "numeric", maxlength: 5 }),
    ]),
    shape("button", { key: "another", id: "another-seed", type: "button" }, say("anotherSeed")),
  ]);
  const shown = `${spec.scenario} ${spec.seed} ${spec.until}`;
  if (form.dataset.shown === shown) return;
  form.dataset.shown = shown;
  for (const name of /** @type {const} */ (["scenario", "seed", "until"]))
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = String(spec[name]);
}

/**
 * @param {Element} card
 * @param {Runner} run
 * @param {Selection} selection
 */
export function drawActs(card, run, selection) {
  const { frame, target } = run;
  const t = (run.player.t / 1000).toFixed(1);
  patch(card, [
    shape("h2", { key: "title" }, say("actAt", { t })),
    shape(
      "div",
      { key: "targets", class: "targets", role: "group", "aria-label": say("members") },
      [...frame.members.values()].map((member) => chip(member, target?.name ?? null, selection)),
    ),
    ...(target ? targeted(target, frame) : []),
  ]);
}

function chip(
  /** @type {Member} */ { name, term, role },
  /** @type {string | null} */ target,
  /** @type {Selection} */ selection,
) {
  const look = `${termClass(term)}${role === "X" ? " stopped" : ""}`;
  return shape(
    "button",
    {
      key: name,
      type: "button",
      class: look,
      "data-target": name,
      "aria-pressed": String(name === target),
      title: selection.member === null && name === target ? say("theLeader") : undefined,
    },
    role === "L" ? `♛ ${name}` : name,
  );
}

/** @returns {Shape[]} */
function targeted(/** @type {Member} */ target, /** @type {Frame} */ frame) {
  return [
    ...offerButtons(memberOffers(target)).map((row) => ({ ...row, key: "member" })),
    group("clients", say("groupClient", { name: target.name }), client()),
    group("network", say("groupNetwork"), [
      ...offerButtons([
        ...linkOffers(target.name, frame),
        ...(frame.cut.length > 0 ? [{ label: say("actHealAll"), action: "heal" }] : []),
      ]),
      sides(frame),
      matrix(frame),
    ]),
    group("change", say("groupMembers"), offerButtons(changes(target, frame))),
    group("machine", say("groupMachine", { name: target.name }), machine()),
  ];
}

function group(
  /** @type {string} */ key,
  /** @type {string} */ title,
  /** @type {Shape[]} */ inner,
) {
  return shape("details", { key, open: key === "clients" || key === "network" ? "" : undefined }, [
    shape("summary", { key: "title" }, title),
    ...inner,
  ]);
}

function client() {
  return [
    shape("form", { key: "form", class: "asks", autocomplete: "off" }, [
      field("key", say("key"), "x"),
      field("value", say("value"), "5", "ask-value"),
      shape(
        "button",
        { key: "put", type: "submit", "data-ask": "put", class: "primary" },
        say("send"),
      ),
      shape("label", { key: "mode" }, [
        shape("span", {}, say("readMode")),
        shape("select", { name: "mode" }, [
          shape("option", { key: "index", value: "index" }, say("readIndex")),
          shape("option", { key: "local", value: "local" }, say("readLocal")),
        ]),
      ]),
      shape("button", { key: "get", type: "submit", "data-ask": "get" }, say("readWord")),
    ]),
  ];
}

function machine() {
  return [
    shape("form", { key: "form", class: "asks", autocomplete: "off" }, [
      field("permille", say("skewWord"), "100"),
      shape("button", { key: "skew", type: "submit", "data-ask": "skew" }, say("skewAct")),
      field("ms", say("diskWord"), "40"),
      shape("button", { key: "disk", type: "submit", "data-ask": "disk" }, say("diskAct")),
    ]),
  ];
}

/** @returns {Shape} a field whose value is the reader's: it is set once */
function field(
  /** @type {string} */ name,
  /** @type {string} */ label,
  /** @type {string} */ value,
  /** @type {string | undefined} */ id = undefined,
) {
  return shape("label", { key: name }, [
    shape("span", {}, label),
    shape("input", {
      name,
      value,
      id,
      class: "mono",
      required: "",
      maxlength: 64,
      pattern: "[\\w.\\-]+",
    }),
  ]);
}

/** A cut between any two sides: those that are ticked, and the rest. */
function sides(/** @type {Frame} */ { members }) {
  return shape("form", { key: "sides", class: "sides", autocomplete: "off" }, [
    ...[...members.keys()].map((name) =>
      shape("label", { key: name }, [
        shape("input", { type: "checkbox", name: "side", value: name }),
        shape("span", {}, name),
      ]),
    ),
    shape("button", { key: "cut", type: "submit", "data-ask": "split" }, say("actSplit")),
  ]);
}

/** Who hears whom: a row sends, a column hears. Each link is cut, or mended, one way. */
function matrix(/** @type {Frame} */ { members, cut }) {
  const names = [...members.keys()];
  const cell = (/** @type {string} */ from, /** @type {string} */ to) => {
    if (from === to) return shape("td", { key: to });
    const isCut = cut.some(([a, b]) => a === from && b === to);
    const label = say(isCut ? "linkCut" : "linkWhole", { from, to });
    return shape("td", { key: to }, [
      shape(
        "button",
        {
          type: "button",
          "data-action": `${isCut ? "heal" : "cut"}:${from}~${to}`,
          "aria-label": label,
          title: label,
          class: isCut ? "cut" : undefined,
        },
        isCut ? "✕" : "→",
      ),
    ]);
  };
  return shape("table", { key: "matrix", class: "matrix mono" }, [
    shape("thead", {}, [
      shape("tr", {}, [
        shape("td", { key: "corner" }),
        ...names.map((name) => shape("th", { key: name, scope: "col" }, name)),
      ]),
    ]),
    shape(
      "tbody",
      {},
      names.map((from) =>
        shape("tr", { key: from }, [
          shape("th", { key: "from", scope: "row" }, from),
          ...names.map((to) => cell(from, to)),
        ]),
      ),
    ),
  ]);
}

/** @returns {Offer[]} */
function changes(/** @type {Member} */ { name }, /** @type {Frame} */ { members }) {
  const next = `n${members.size + 1}`;
  const adds = members.size < MEMBERS_MAX;
  return [
    ...(adds ? [{ label: say("actAdd", { name: next }), action: `add:${next}` }] : []),
    ...(adds ? [{ label: say("actLearn", { name: next }), action: `learn:${next}` }] : []),
    ...(adds
      ? [{ label: say("actSwap", { name, next }), action: `joint:${name}-${next}` }]
      : []),
    { label: say("actPromote", { name }), action: `promote:${name}` },
    { label: say("actDemote", { name }), action: `demote:${name}` },
    { label: say("actRemove", { name }), action: `remove:${name}` },
  ];
}
