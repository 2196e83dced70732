// @ts-check
// Joins the parts. The address says which face the reader wants; the face says what is on the
// stage, and every frame draws that.
//
//   model/  what is:                    records -> frame -> picture
//   scene/  how it looks:               picture -> shapes and lines
//   show/   what all faces share:       replay, deck, side, keys
//   run/    runs of the engine:         asking for one, acting in it
//   story/ play/ live/ open/            the faces, each fetched when it is first wanted

import { readLink, writeLink } from "./model/link.js";
import { picture } from "./model/view.js";
import { drawLegend } from "./scene/legend.js";
import { readPaint } from "./scene/paint.js";
import { draw } from "./scene/stage.js";
import { enableControls } from "./show/controls.js";
import { Deck } from "./show/deck.js";
import { followLanguage } from "./show/language.js";
import { Selection } from "./show/selection.js";
import { Side } from "./show/side.js";
import { sizeOf } from "./show/size.js";
import { followTheme } from "./show/theme.js";
import { wear } from "./show/wear.js";
import { fill, language, say } from "./text.js";

/** @import { FaceName } from "./model/link.js" */
/** @import { Face } from "./show/types.js" */

/** How often the panels are drawn, in milliseconds. */
const PANELS_MS = 120;

const part = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const still = matchMedia("(prefers-reduced-motion: reduce)");
const selection = new Selection();
const deck = new Deck(part, selection);
const side = new Side(part, selection);
/** Says what happens in the running cluster. @type {import("./show/announcer.js").Announcer} */
let announcer;
/** How each face is made. @type {Record<FaceName, () => Promise<Face>>} */
const makers = {
  story: async () => {
    const [{ StoryFace }] = await Promise.all([import("./story/face.js"), wear("story/story.css")]);
    return new StoryFace(part, selection, still);
  },
  play: async () => {
    const [{ PlayFace }] = await Promise.all([import("./play/face.js"), wear("play/play.css")]);
    return new PlayFace(part, selection, still);
  },
  live: async () => {
    const [{ LiveFace }, { Announcer }] = await Promise.all([
      import("./live/face.js"),
      import("./show/announcer.js"),
    ]);
    announcer = new Announcer();
    return new LiveFace(part, selection, still, (record) => {
      if (shows === "live") announcer.see(record);
    });
  },
  open: async () => {
    const [{ OpenFace }] = await Promise.all([import("./open/face.js"), wear("open/open.css")]);
    return new OpenFace(part, still);
  },
};
/** Those that were made. @type {Partial<Record<FaceName, Promise<Face>>>} */
const made = {};
/** The one that is shown. @type {Face | null} */
let face = null;
/** @type {FaceName | null} */
let shows = null;
let paint = readPaint();
const room = sizeOf(part("stage"));
/** What the stage was last drawn from. @type {unknown[]} */
let drawn = [];

followTheme(part("theme"), () => {
  paint = readPaint();
});
followLanguage(part("language"), () => {
  document.title = say("title");
  fill(document);
  drawLegend(part("legend"));
  panels();
});
enableControls(part, { face: () => face, selection, deck, side });
part("export").addEventListener("click", exportAs);
part("share").addEventListener("click", share);
addEventListener("hashchange", arrive);
takeFiles();
arrive();
setInterval(panels, PANELS_MS);
requestAnimationFrame(frame);

/** Shows the face that the address names, at the place that it names. */
async function arrive() {
  const place = readLink(location.hash);
  const wanted = place.face;
  if (wanted !== shows) {
    face?.leave();
    face = null;
    selection.chooseMember(null);
  }
  shows = wanted;
  for (const element of document.querySelectorAll("[data-face]")) {
    const own = /** @type {HTMLElement} */ (element).dataset.face === wanted;
    if (!element.matches("a")) /** @type {HTMLElement} */ (element).hidden = !own;
    else if (own) element.setAttribute("aria-current", "page");
    else element.removeAttribute("aria-current");
  }
  const found = await (made[wanted] ??= makers[wanted]());
  if (shows !== wanted) return;
  face = found;
  face.enter(place);
  panels();
}

/** One frame: everything that moves. */
function frame(/** @type {number} */ at, /** @type {number} */ before = at) {
  requestAnimationFrame((next) => frame(next, at));
  if (!face) return;
  face.player.advance(Math.min(at - before, 100) * 1000);
  const { recording, t, look } = face.shown();
  const chosen = { chosen: selection.member, message: selection.message, still: still.matches };
  const { playing, rate, clip } = face.player;
  const size = [room.width, room.height, innerWidth, innerHeight, devicePixelRatio];
  const what = [recording, recording.records.length, t, clip, playing, rate, paint, language()];
  if (isSame([...what, ...size, ...Object.values(chosen)])) return;
  part("stage").classList.toggle("plays", playing || clip === null);
  draw(part("stage"), picture(recording, t, { ...look, ...chosen }), room);
  if (clip) deck.drawReplay(face.player, paint, shows === "live");
  else deck.drawLive(recording, t, paint, shows === "live");
}

/** Whether the last frame was drawn from the same; if so, there is nothing to draw. */
function isSame(/** @type {unknown[]} */ from) {
  const same = from.every((one, place) => one === drawn[place]);
  drawn = from;
  return same;
}

/** Everything that is read, which need not change sixty times a second. */
function panels() {
  if (!face) return;
  const now = Date.now();
  face.panels(now);
  side.draw(face, face.shown());
  part("live-dot").classList.toggle("on", shows === "live" && face.player.clip === null);
  part("share").hidden = face.place() === null;
  if (part("share-text").textContent !== face.placeName())
    part("share-text").textContent = face.placeName();
  announcer?.speak(part("announce"), now);
}

/** Puts a link to this moment into the address and the clipboard. */
async function share() {
  const place = face?.place();
  if (!place) return;
  history.replaceState(null, "", writeLink(place));
  await navigator.clipboard?.writeText(location.href).catch(() => {});
  part("announce").textContent = say("copied");
}

/** Saves the picture or the trace; what does so is fetched when it is first wanted. */
async function exportAs(/** @type {Event} */ event) {
  const kind = /** @type {Element} */ (event.target).closest("button")?.dataset.export;
  if (!kind) return;
  part("export").open = false;
  const { saveAs } = await import("./show/export.js");
  await saveAs(/** @type {"svg" | "png" | "ndjson"} */ (kind), face, part);
}

/** A trace may be dropped anywhere on the page. */
function takeFiles() {
  const over = (/** @type {boolean} */ isOver) => part("drop").classList.toggle("over", isOver);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  addEventListener("dragleave", () => over(false));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    over(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    location.hash = "#open";
    (await (made.open ??= makers.open())).openFile?.(file);
  });
}
