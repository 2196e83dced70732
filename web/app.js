// @ts-check
// Joins the parts: the stream fills the session, every frame draws the session or a replay of it.
//
//   model/  what is:         records -> frame -> picture
//   scene/  how it looks:    picture -> shapes and lines
//   live/   what is told:    the stream, the buttons, the sentences, the replay

import { enableControls } from "./live/controls.js";
import { Deck } from "./live/deck.js";
import { drawElections, drawOffer } from "./live/elections.js";
import { drawKeys } from "./live/keys.js";
import { Members } from "./live/members.js";
import { Player } from "./live/player.js";
import { sentence } from "./live/sentences.js";
import { Session } from "./live/session.js";
import { follow } from "./live/stream.js";
import { drawLogs, drawValues } from "./live/tables.js";
import { Announcer, drawEvents, drawTold } from "./live/telling.js";
import { followTheme } from "./live/theme.js";
import { verdict } from "./live/verdict.js";
import { enableWriting } from "./live/write.js";
import { picture } from "./model/view.js";
import { drawLegend } from "./scene/legend.js";
import { readPaint } from "./scene/paint.js";
import { draw } from "./scene/stage.js";
import { fill, say } from "./text.js";

/** @import { Kept } from "./live/session.js" */
/** @import { Look } from "./model/view.js" */
/** @import { Hello } from "./protocol.js" */

/** How often the panels are drawn, and the processes asked for, in milliseconds. */
const PANELS_MS = 120;
const MEMBERS_MS = 3_000;
/** How far back the table of events reaches, in microseconds. */
const EVENTS = 30_000_000;

const part = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const session = new Session();
const player = new Player();
const deck = new Deck(part);
const announcer = new Announcer();
const members = new Members(part("members"), part("members-result"));
const still = matchMedia("(prefers-reduced-motion: reduce)");
const offer = { card: part("offer"), title: part("offer-title"), text: part("offer-text") };
/** The election that was not looked at yet. @type {Kept | null} */
let offered = null;
let paint = readPaint();

document.title = say("title");
fill(document);
drawLegend(part("legend"));
drawKeys(part("keys-list"));
followTheme(part("theme"), () => {
  paint = readPaint();
});
enableWriting(part("write"), part("write-result"));
enableControls(part, { session, player, members, deck, still }, () => offered);
follow("api/trace", {
  open: () => session.open(),
  broken: () => session.broken(),
  record(record) {
    session.take(record, Date.now());
    if (record.k === "hello") begin(record);
    else announcer.see(record);
    if (record.k === "hello" || record.k === "ft") members.refresh();
  },
});
setInterval(() => members.refresh(), MEMBERS_MS);
setInterval(panels, PANELS_MS);
requestAnimationFrame(frame);

/** Shows what the serving process offers, and no more. */
function begin(/** @type {Hello} */ { cluster, build, can }) {
  part("cluster").textContent = `${cluster} · ${build}`;
  part("write").hidden = !can.includes("write");
  members.enabled = can.includes("fault");
  part("members-note").hidden = !members.enabled;
}

/** One frame: everything that moves. */
function frame(/** @type {number} */ at, /** @type {number} */ before = at) {
  player.advance(Math.min(at - before, 100) * 1000);
  const { clip } = player;
  const { recording, t } = shown();
  const stage = part("stage");
  draw(stage, picture(recording, t, look()), {
    width: stage.clientWidth,
    height: stage.clientHeight,
  });
  if (clip) deck.drawReplay(player, paint);
  else deck.drawLive(recording, t, paint);
  requestAnimationFrame((next) => frame(next, at));
}

/** What is on the stage: the replay if there is one, else the members as they are now. */
function shown() {
  const { clip } = player;
  if (clip) return { recording: clip.recording, t: player.t };
  return { recording: session.recording, t: session.clock.view(Date.now() * 1000) };
}

/** @returns {Look} */
function look() {
  const common = { still: still.matches, chosen: members.chosen };
  if (player.clip)
    return { ...common, live: false, screen: (t) => player.warp.story(t), now: player.t };
  return { ...common, live: true, screen: (t) => t, now: session.clock.members(Date.now() * 1000) };
}

/** Everything that is read, which need not change sixty times a second. */
function panels() {
  offered = session.tidy().at(-1) ?? offered;
  if (player.clip && player.clip.recording === offered?.clip) offered = null;
  const now = Date.now();
  const { clip } = player;
  const { recording, t } = shown();
  const { title, text, health } = verdict(session, now);
  const past =
    clip && recording.changes(clip.from, t).findLast((record) => sentence(record) !== null);
  set("verdict", clip ? clip.title : title);
  set("lede", clip ? ((past && sentence(past)) ?? "") : text);
  part("verdict").classList.toggle(
    "ok",
    !clip && session.connected && health.verdict === "healthy",
  );
  part("hint").hidden = clip !== null || !members.enabled || session.elections.length > 0;
  part("live-dot").classList.toggle("on", session.connected && clip === null);
  drawOffer(offer, clip ? null : offered);
  drawElections(part("elections"), session.elections);
  drawNow(now);
  const frame = recording.frame(t);
  drawValues(part("values"), frame);
  drawLogs(part("logs"), frame);
  drawTold(part("told"), frame);
  drawEvents(part("events"), recording.changes(t - EVENTS, t));
  announcer.speak(part("announce"), now);
}

/** The buttons act on the members as they are now, also during a replay. */
function drawNow(/** @type {number} */ now) {
  const t = session.clock.view(now * 1000);
  members.draw(session.recording.frame(t), session.clock.members(now * 1000));
}

function set(/** @type {string} */ id, /** @type {string} */ text) {
  if (part(id).textContent !== text) part(id).textContent = text;
}
