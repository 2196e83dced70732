// @ts-check
// The figures that the members tell of themselves once a second: how far each is behind, how long
// requests and disks take, and who reaches whom. Each row says who tells it, and how long ago.

import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { duration, language, say } from "../text.js";

/** @import { Frame, Member } from "../model/types.js" */
/** @import { Aggregate, PeerSight, Times } from "../protocol.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @typedef {{figures: Aggregate, at: number}} Told what was told, and when by the page's time */

/** @typedef {{page: number, members: number}} Now in milliseconds here, in microseconds there */

/** What is told of each member. @type {("member" | "behind" | "requests" | "disk")[]} */
const FIGURES = ["member", "behind", "requests", "disk"];
/** Figures that are older, in milliseconds, are shown as old. */
const OLD = 3_000;

/**
 * @param {Element} place
 * @param {Map<string, Told>} told
 * @param {Frame} frame
 * @param {Now} now
 */
export function drawFigures(place, told, frame, now) {
  const members = [...frame.members.values()];
  const leader = members.find(({ name, role }) => role === "L" && told.has(name));
  const leads = leader && told.get(leader.name);
  const clock = new Intl.DateTimeFormat(language(), { timeStyle: "medium" });
  const about = leads
    ? say("leadsSince", {
        leader: leader.name,
        since: clock.format(leads.figures.since / 1000),
        age: age(leads, now.page),
      })
    : say("nobodyLeads");
  patch(place, [
    shape("h2", { key: "figures" }, say("figures")),
    shape("p", { key: "about", class: "quiet" }, about),
    table("members", say("figuresNote"), [
      heads(FIGURES.map((word) => say(word))),
      ...members.map((member) => figures(member, told, leads, now.page)),
    ]),
    shape("h2", { key: "links" }, say("links")),
    table("links-table", say("links"), [
      heads(["", ...members.map(({ name }) => name)]),
      ...members.map((member) => links(member, told, members, now)),
    ]),
    shape("p", { key: "note", class: "quiet" }, say("linksNote")),
  ]);
}

/** @param {string} key @param {string} caption @param {Shape[]} rows */
function table(key, caption, rows) {
  return shape("table", { key }, [
    shape("caption", { class: "sr" }, caption),
    shape("tbody", {}, rows),
  ]);
}

function heads(/** @type {string[]} */ texts) {
  const head = (/** @type {string} */ text, /** @type {number} */ key) =>
    text === "" ? shape("td", { key }) : shape("th", { key, scope: "col" }, text);
  return shape("tr", { key: "" }, texts.map(head));
}

/** @param {Member} member @param {Map<string, Told>} told @param {Told | undefined} leads */
function figures({ name, term }, told, leads, /** @type {number} */ now) {
  const own = told.get(name);
  const lag = leads?.figures.peers[name]?.lag;
  return row(name, own, now, [
    head(name, term, own ? say("ago", { age: age(own, now) }) : say("unknown")),
    cell(lag ? behind(lag) : own && own === leads ? say("leads") : "–", "lag"),
    cell(times(own?.figures.op), "op"),
    cell(times(own?.figures.disk), "disk"),
  ]);
}

/** @param {Member} member @param {Map<string, Told>} told @param {Member[]} members */
function links({ name, term }, told, members, /** @type {Now} */ now) {
  const own = told.get(name);
  const peers = members.map((other) =>
    link(name, other.name, own?.figures.peers[other.name], now.members),
  );
  return row(name, own, now.page, [head(name, term, ""), ...peers]);
}

/** What one member hears of another. */
function link(
  /** @type {string} */ name,
  /** @type {string} */ other,
  /** @type {PeerSight | undefined} */ sight,
  /** @type {number} */ now,
) {
  if (name === other) return cell("", other);
  if (!sight) return cell("–", other);
  const heard = sight.heard === null ? null : duration(Math.max(0, now - sight.heard));
  const title = [
    say(sight.up ? "reaches" : "doesNotReach", { name, other }),
    heard === null ? say("heardNothing") : say("heardLast", { other, age: heard }),
  ].join(" ");
  const text = !sight.up ? "✕" : sight.rtt === null ? "✓" : duration(sight.rtt);
  return shape("td", { key: other, title, class: sight.up ? undefined : "bad" }, [
    shape("span", { "aria-hidden": "true" }, text),
    shape("span", { class: "sr" }, title),
  ]);
}

function row(
  /** @type {string} */ name,
  /** @type {Told | undefined} */ told,
  /** @type {number} */ now,
  /** @type {Shape[]} */ cells,
) {
  const old = !told || now - told.at > OLD;
  return shape("tr", { key: name, class: old ? "old" : undefined }, cells);
}

function head(/** @type {string} */ name, /** @type {number} */ term, /** @type {string} */ note) {
  return shape("th", { key: "who", scope: "row" }, [
    shape("b", { class: termClass(term) }, name),
    note !== "" && shape("small", {}, note),
  ]);
}

function cell(/** @type {string} */ text, /** @type {string | undefined} */ key = undefined) {
  return shape("td", { key: key ?? "" }, text);
}

/** Half took no longer, and 99 of 100. */
function times(/** @type {Times | undefined} */ times) {
  if (!times || times.n === 0) return "–";
  return `${duration(times.p50)} / ${duration(times.p99)}`;
}

function behind(/** @type {[entries: number, us: number]} */ [entries, us]) {
  return entries === 0 ? "0" : `${entries}, ${duration(us)}`;
}

function age(/** @type {Told} */ told, /** @type {number} */ now) {
  return duration(Math.max(0, now - told.at) * 1000);
}
