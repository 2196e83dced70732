// @ts-check
// The card that says of each claim whether it holds, how often that was checked, and, if it does
// not, which record contradicts it.

import { patch, shape } from "../scene/tree.js";
import { say } from "../text.js";

/** @import { Claim, Claims, Verdict } from "../model/claims.js" */

/** @type {Record<Claim, import("../text.js").Word>} */
const NAMES = {
  election: "claimElection",
  matching: "claimMatching",
  completeness: "claimCompleteness",
  machine: "claimMachine",
  reads: "claimReads",
};

/**
 * @param {HTMLElement} card
 * @param {Claims | null} claims
 * @param {number} t
 * @param {number} origin the time that is called 0
 */
export function drawClaims(card, claims, t, origin) {
  card.hidden = claims === null;
  if (!claims) return;
  const rows = claims.at(t).map((verdict) => row(verdict, origin));
  patch(card, [shape("h2", {}, say("claims")), shape("ul", {}, rows)]);
}

function row(/** @type {Verdict} */ { claim, checks, witness }, /** @type {number} */ origin) {
  const broken =
    witness && say("claimBroken", { ...witness, t: ((witness.t - origin) / 1000).toFixed(1) });
  return shape("li", { key: claim, class: broken ? "broken" : "holds" }, [
    shape("span", {}, say(NAMES[claim])),
    shape("small", { class: "mono", title: say("claimHolds", { n: checks }) }, `${checks}×`),
    broken === null ? null : shape("p", {}, broken),
  ]);
}
