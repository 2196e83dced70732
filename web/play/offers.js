// @ts-check
// What the playground offers to do to a member and to its links.

import { offer } from "../run/actions.js";

/** @import { Frame, Member } from "../model/types.js" */
/** @import { Offer } from "../run/actions.js" */

/** @returns {Offer[]} */
export function memberOffers(/** @type {Member} */ { name, role, paused }) {
  if (role === "X") return [offer("actStart", name, `start:${name}`)];
  return [
    offer("actStop", name, `stop:${name}`),
    offer("actPower", name, `power:${name}`),
    paused ? offer("actResume", name, `resume:${name}`) : offer("actPause", name, `pause:${name}`),
    ...(role === "L" ? [] : [offer("actLead", name, `lead:${name}`)]),
    offer("actSnapshot", name, `snap:${name}`),
  ];
}

/** What is done to a member's links. @returns {Offer[]} */
export function linkOffers(/** @type {string} */ name, /** @type {Frame} */ { cut, members }) {
  const others = [...members.keys()].filter((other) => other !== name).join(".");
  const isCut = cut.some((link) => link.includes(name));
  return [
    ...(isCut ? [offer("actHeal", name, `heal:${name}`)] : []),
    offer("actCut", name, `cut:${name}`),
    offer("actDeaf", name, `cut:${others}~${name}`),
    offer("actMute", name, `cut:${name}~${others}`),
  ];
}
