// @ts-check
// What the reader can do, by button, key and pointer.

import { say } from "../text.js";
import { enableKeys } from "./keys.js";

/** @import { Deck } from "./deck.js" */
/** @import { Members } from "./members.js" */
/** @import { Player } from "./player.js" */
/** @import { Kept, Session } from "./session.js" */

/**
 * @typedef {object} Page
 * @property {Session} session
 * @property {Player} player
 * @property {Members} members
 * @property {Deck} deck
 * @property {MediaQueryList} still whether the reader asked for reduced motion
 */

/** What the picture shows when it is stopped, in microseconds. */
const FROZEN = 2_000_000;

/**
 * @param {(id: string) => any} part
 * @param {Page} page
 * @param {() => Kept | null} offered the election that the page offers to replay
 */
export function enableControls(part, page, offered) {
  const { session, player, members, deck } = page;
  const open = (/** @type {Kept | null | undefined} */ election) => {
    if (!election) return;
    replay(page, election);
    part("play").focus({ preventScroll: true });
  };
  const actions = {
    toggle: () => (player.clip ? player.toggle() : freeze(page)),
    step(/** @type {1 | -1} */ direction, /** @type {boolean} */ onlyChanges) {
      if (!player.clip && direction > 0) return;
      if (!player.clip) freeze(page);
      player.step(direction, onlyChanges);
    },
    faster: (/** @type {1 | -1} */ direction) => player.faster(direction),
    seek: (/** @type {number} */ to) => player.seek(to),
    live: () => player.close(),
    replay: () => open(session.elections[0]),
    write: () => part("write-key").focus(),
    choose(/** @type {number} */ place) {
      const name = session.hello?.nodes[place]?.id;
      if (name) members.choose(name);
    },
    stopOrStart: () => members.stopOrStart(),
    theme: () => part("theme").click(),
    help: () => part("keys").showModal(),
  };
  enableKeys(actions);
  /** @type {Record<string, () => void>} */
  const clicks = {
    play: actions.toggle,
    back: () => actions.step(-1, false),
    forward: () => actions.step(1, false),
    restart: () => player.seek(0),
    slower: () => player.faster(-1),
    faster: () => player.faster(1),
    "to-live": actions.live,
    help: actions.help,
    "offer-replay": () => open(offered()),
  };
  for (const [id, act] of Object.entries(clicks)) part(id).addEventListener("click", act);
  part("elections").addEventListener("click", (/** @type {Event} */ event) => {
    const term = /** @type {Element} */ (event.target).closest("button")?.dataset.term;
    open(session.elections.find((one) => String(one.term) === term));
  });
  part("stage").addEventListener("click", (/** @type {Event} */ event) => {
    const node = /** @type {SVGElement | null} */ (
      /** @type {Element} */ (event.target).closest(".node")
    );
    if (node?.dataset.name) members.choose(node.dataset.name);
  });
  deck.onSeek((to) => scrub(player, to));
  deck.onPull((story) => scrub(player, (player.story + story) / player.warp.length));
}

function scrub(/** @type {Player} */ player, /** @type {number} */ to) {
  if (!player.clip) return;
  player.playing = false;
  player.seek(to);
}

/**
 * @param {Page} page
 * @param {Kept} election
 */
function replay({ player, still }, election) {
  const { clip: recording, from, to, term } = election;
  const origin = election.lastHeard ?? election.began;
  player.open(
    { recording, from, to, origin, title: say("replayTerm", { term }) },
    { playing: !still.matches },
  );
}

/** Stops the live picture, so that its last seconds can be looked at. */
function freeze(/** @type {Page} */ { session, player }) {
  const to = session.clock.view(Date.now() * 1000);
  const from = Math.max(to - FROZEN, session.recording.from);
  if (to <= from) return;
  const recording = session.recording.slice(from, to);
  player.open(
    { recording, from, to, origin: from, title: say("replayPast") },
    { at: to, playing: false },
  );
}
