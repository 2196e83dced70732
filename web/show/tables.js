// @ts-check
// The tables beside the stage: the values that each member has applied, and the logs side by side;
// and what the stage shows in words, for those who do not see it.

import { cut, short } from "../model/short.js";
import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { say } from "../text.js";

/** @import { Frame, Member } from "../model/types.js" */
/** @import { Shape } from "../scene/tree.js" */

const KEYS = 4;
const COLUMNS = 5;

/**
 * The keys written last, and what each member holds for them. A value that differs from that of the
 * member which applied most is drawn dashed: it is behind.
 * @param {Element} place
 * @param {Frame} frame
 */
export function drawValues(place, frame) {
  const members = [...frame.members.values()];
  const ahead = members.reduce((a, b) => (b.ai > a.ai ? b : a), members[0]);
  const keys = ahead ? [...ahead.kv.keys()].slice(-KEYS).reverse() : [];
  if (keys.length === 0) {
    patch(place, [shape("p", { class: "quiet" }, say("noValues"))]);
    return;
  }
  patch(place, [
    table("values mono", ["", ...keys], members, (member) =>
      keys.map((key) => {
        const value = member.kv.get(key) ?? "";
        const behind = value !== (ahead.kv.get(key) ?? "");
        return shape("td", { key, class: behind ? "behind" : undefined }, [
          shape("span", { title: value }, value || "·"),
        ]);
      }),
    ),
  ]);
}

/**
 * The last entries of all logs, index under index.
 * @param {Element} place
 * @param {Frame} frame
 */
export function drawLogs(place, frame) {
  const members = [...frame.members.values()];
  const last = Math.max(0, ...members.map((member) => member.first + member.log.length - 1));
  const first = Math.max(1, last - COLUMNS + 1);
  const columns = Array.from({ length: COLUMNS }, (_, i) => first + i);
  patch(place, [
    table("mono", ["", ...columns.map(String)], members, (member) =>
      columns.map((index) => {
        if (index <= member.base)
          return shape("td", { key: index, class: "log folded" }, [shape("span", {})]);
        const entry = member.log[index - member.first];
        const boundary = member.ci === index ? " boundary" : "";
        if (!entry)
          return shape("td", { key: index, class: `log empty${boundary}` }, [shape("span", {})]);
        const committed = index <= member.ci ? " committed" : "";
        const text = entry[2] === "noop" ? "•" : cut(short(entry[2]), 5);
        return shape(
          "td",
          { key: index, class: `log ${termClass(entry[1])}${committed}${boundary}` },
          [shape("span", { title: entry[2] }, [shape("b", {}, text)])],
        );
      }),
    ),
  ]);
}

/**
 * @param {string} look
 * @param {string[]} head
 * @param {Member[]} members
 * @param {(member: Member) => Shape[]} cells
 */
function table(look, head, members, cells) {
  return shape("table", { class: look }, [
    shape("thead", {}, [
      shape(
        "tr",
        {},
        head.map((text, i) =>
          i === 0
            ? shape("td", { key: "corner" })
            : shape("th", { key: text, scope: "col", title: text }, text),
        ),
      ),
    ]),
    shape(
      "tbody",
      {},
      members.map((member) =>
        shape("tr", { key: member.name, class: member.role === "X" ? "dim" : undefined }, [
          shape("th", { scope: "row", class: termClass(member.term) }, [
            shape("span", {}, member.name),
            shape("i", {}, `T${member.term}`),
          ]),
          ...cells(member),
        ]),
      ),
    ),
  ]);
}

/** What the stage shows, in words. */
export function drawTold(/** @type {Element} */ body, /** @type {Frame} */ frame) {
  patch(
    body,
    [...frame.members.values()].map((member) =>
      shape("tr", { key: member.name }, [
        shape("th", { scope: "row" }, member.name),
        shape("td", {}, member.paused ? say("paused") : say(member.role)),
        shape("td", {}, say("term", { term: member.term })),
        shape(
          "td",
          {},
          say("logEnds", { last: member.first + member.log.length - 1, ci: member.ci }),
        ),
        shape("td", {}, member.vote ? say("voted", { name: member.vote }) : ""),
      ]),
    ),
  );
}
