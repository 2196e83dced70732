// @ts-check
// What the reader can do on every face, by button, key and pointer. What a key means on one face
// only, that face says.

import { listen } from "../run/buttons.js";
import { enableKeys } from "./keys.js";
import { Player } from "./player.js";

/** @import { Deck } from "./deck.js" */
/** @import { Selection } from "./selection.js" */
/** @import { Side } from "./side.js" */
/** @import { Face, Part } from "./types.js" */

/**
 * @typedef {object} Page
 * @property {() => Face | null} face the one that is shown
 * @property {Selection} selection
 * @property {Deck} deck
 * @property {Side} side
 */

/** What the buttons act on before there is a face. */
const NOBODY = new Player();

/**
 * @param {Part} part
 * @param {Page} page
 */
export function enableControls(part, { face, selection, deck, side }) {
  const player = () => face()?.player ?? NOBODY;
  const toggle = () => (face()?.keys.toggle ?? (() => player().toggle()))();
  const step = (/** @type {1 | -1} */ direction, /** @type {boolean} */ onlyChanges) => {
    const own = face()?.keys.step;
    if (own) own(direction, onlyChanges);
    else player().step(direction, onlyChanges);
  };
  const help = async () => {
    (await import("./help.js")).drawKeys(part("keys-list"));
    part("keys").showModal();
  };
  const faster = (/** @type {1 | -1} */ direction) => player().faster(direction);
  enableKeys({
    toggle,
    step,
    faster,
    seek: (to) => player().seek(to),
    nudge: (ms) => player().clip && player().seekTime(player().t + ms * 1000),
    choose(place) {
      const shown = face()?.shown();
      const name = [...(shown?.recording.frame(shown.t).members.keys() ?? [])][place];
      if (name) selection.chooseMember(name);
    },
    message: () => chooseNext(face(), selection),
    language: () => part("language").click(),
    theme: () => part("theme").click(),
    help,
    face: () => face()?.keys ?? {},
  });
  /** @type {Record<string, () => void>} */
  const clicks = {
    play: toggle,
    back: () => step(-1, false),
    forward: () => step(1, false),
    restart: () => player().seek(0),
    slower: () => faster(-1),
    faster: () => faster(1),
    speed: () => player().direct(),
    "to-live": () => face()?.keys.escape?.(),
    help,
  };
  for (const [id, act] of Object.entries(clicks)) part(id).addEventListener("click", act);
  part("stage").addEventListener("click", (/** @type {Event} */ event) => {
    const target = /** @type {Element} */ (event.target);
    const node = /** @type {SVGElement | null} */ (target.closest(".node"));
    const flight = /** @type {SVGElement | null} */ (target.closest(".flight"));
    if (flight?.dataset.message) selection.chooseMessage(flight.dataset.message);
    else if (node?.dataset.name) selection.chooseMember(node.dataset.name);
  });
  part("events").addEventListener("click", (/** @type {Event} */ event) => {
    const row = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest("tr")
    );
    if (row?.dataset.t && player().clip) player().seekTime(Number(row.dataset.t));
  });
  deck.onSeek((to) => scrub(player(), to));
  deck.onPull((story) => scrub(player(), (player().story + story) / player().warp.length));
  deck.onPick((key) => selection.chooseMessage(key));
  listen(part("pane-inspect"), (action) => face()?.act?.(action));
  selection.changed = () => {
    if (selection.member !== null || selection.message !== null) side.open("inspect");
  };
}

function scrub(/** @type {Player} */ player, /** @type {number} */ to) {
  if (!player.clip) return;
  player.playing = false;
  player.seek(to);
}

/** Chooses the message under way that left after the chosen one, or the first. */
function chooseNext(/** @type {Face | null} */ face, /** @type {Selection} */ selection) {
  if (!face) return;
  const { recording, t } = face.shown();
  const flying = recording.messages
    .between(t, t)
    .filter(({ t0, t1 }) => t0 <= t && t1 !== null && t1 > t);
  const place = flying.findIndex(({ key }) => key === selection.message);
  const next = flying[(place + 1) % Math.max(1, flying.length)];
  if (next) selection.chooseMessage(next.key);
}
