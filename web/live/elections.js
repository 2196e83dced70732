// @ts-check
// The list of elections, and the offer to replay one that just happened.

import { CROWN } from "../scene/glyph.js";
import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { duration, say } from "../text.js";

/** @import { Kept } from "./session.js" */

/**
 * @param {Element} place
 * @param {readonly Kept[]} elections
 */
export function drawElections(place, elections) {
  if (elections.length === 0) {
    patch(place, [shape("p", { class: "quiet" }, say("noElections"))]);
    return;
  }
  patch(place, [
    shape(
      "ul",
      {},
      elections.map((election) =>
        shape("li", { key: election.term }, [
          shape(
            "button",
            {
              type: "button",
              "data-term": election.term,
              title: say("election", { term: election.term }),
            },
            [
              shape(
                "svg",
                {
                  width: 22,
                  height: 16,
                  viewBox: "-15 -11 30 18",
                  class: termClass(election.term),
                  "aria-hidden": "true",
                },
                [shape("path", { d: CROWN, fill: "currentColor" })],
              ),
              shape("span", {}, [
                shape("b", { class: termClass(election.term) }, election.leader),
                shape("span", {}, ` ${say("term", { term: election.term })}`),
                shape("span", { class: "sr" }, ", "),
              ]),
              shape(
                "small",
                {},
                election.down === null
                  ? say("first")
                  : say("noLeader", { down: duration(election.down) }),
              ),
            ],
          ),
        ]),
      ),
    ),
  ]);
}

/**
 * Tells of an election in the offer's card, or hides the card.
 * @param {{card: HTMLElement, title: HTMLElement, text: HTMLElement}} parts
 * @param {Kept | null} election
 */
export function drawOffer({ card, title, text }, election) {
  card.hidden = election === null;
  if (!election) return;
  const { previous, leader, down } = election;
  const known = previous !== null && down !== null;
  title.textContent =
    known && previous !== leader
      ? say("offer", { previous, leader })
      : say("offerFirst", { leader });
  text.textContent = known ? say("offerText", { down: duration(down) }) : say("offerTextFirst");
}
