// @ts-check
// What can be done, as buttons: each carries its action, and one listener carries it out.

import { shape } from "../scene/tree.js";

/** @import { Shape } from "../scene/tree.js" */
/** @import { Offer } from "./actions.js" */

/** @returns {Shape[]} nothing for nothing */
export function offerButtons(/** @type {Offer[]} */ offers, main = false) {
  if (offers.length === 0) return [];
  const buttons = offers.map(({ label, action }, place) =>
    shape(
      "button",
      {
        key: action,
        type: "button",
        "data-action": action,
        class: main && place === 0 ? "primary" : undefined,
      },
      label,
    ),
  );
  return [shape("div", { key: "offers", class: "offers" }, buttons)];
}

/** Carries out the actions of all buttons inside an element. */
export function listen(
  /** @type {Element} */ element,
  /** @type {(action: string) => void} */ act,
) {
  element.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    const action = button?.dataset.action;
    if (action) act(action);
  });
}
