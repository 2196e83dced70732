// @ts-check
// Joins the parts: the stream fills the session, every frame draws the session or a replay of it.
//
//   model/  what is:         records -> frame -> picture
//   scene/  how it looks:    picture -> shapes and lines
//   live/   what is told:    the stream, the buttons, the sentences, the replay

import { picture } from "./model/view.js";
import { Deck } from "./live/deck.js";
import { drawElections, drawOffer } from "./live/elections.js";
import { drawKeys, enableKeys } from "./live/keys.js";
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
import { drawLegend } from "./scene/legend.js";
import { readPaint } from "./scene/paint.js";
import { draw } from "./scene/stage.js";
import { termClass } from "./scene/term.js";
import { fill, say } from "./text.js";

/** The panels beside the stage are drawn this often, in milliseconds. */
const PANELS_MS = 120;
const MEMBERS_MS = 3_000;
/** What the picture shows when it is stopped, in microseconds. */
const FROZEN = 2_000_000;

const part = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const session = new Session();
const player = new Player();
const deck = new Deck(part);
const announcer = new Announcer();
const members = new Members(part("members"), part("members-result"));
const still = matchMedia("(prefers-reduced-motion: reduce)");
const offerParts = { card: part("offer"), title: part("offer-title"), text: part("offer-text") };
/** @type {import("./live/session.js").Kept | null} */
let offered = null;
let paint = readPaint();

document.title = say("title");
fill(document);
drawLegend(part("legend"));
drawKeys(part("keys-list"));
followTheme(part("theme"), () => { paint = readPaint(); });
enableWriting(part("write"), part("write-result"));
wire();
follow("api/trace", {
  open: () => session.open(),
  broken: () => session.broken(),
  record(record) {
    session.take(record, Date.now());
    if (record.k === "hello") part("cluster").textContent = `${record.cluster} · ${record.build}`;
    else announcer.see(record);
    if (record.k === "hello" || record.k === "ft") members.refresh();
  },
});
setInterval(() => members.refresh(), MEMBERS_MS);
setInterval(panels, PANELS_MS);
requestAnimationFrame(frame);

/** One frame: everything that moves. */
function frame(/** @type {number} */ at, /** @type {number} */ before = at) {
  const now = Date.now() * 1000;
  player.advance(Math.min(at - before, 100) * 1000);
  const { clip } = player;
  const t = clip ? player.t : session.clock.view(now);
  const recording = clip?.recording ?? session.recording;
  const shown = picture(recording, t, {
    live: clip === null,
    screen: clip ? (time) => player.warp.story(time) : (time) => time,
    now: clip ? t : session.clock.members(now),
    still: still.matches,
    chosen: members.chosen,
  });
  const stage = part("stage");
  draw(stage, shown, { width: stage.clientWidth, height: stage.clientHeight });
  if (clip) deck.drawReplay(player, paint);
  else deck.drawLive(recording, t, paint);
  requestAnimationFrame((next) => frame(next, at));
}

/** Everything that is read, which need not change sixty times a second. */
function panels() {
  const found = session.tidy();
  if (found.length > 0) offered = found[found.length - 1];
  const now = Date.now();
  const { clip } = player;
  const recording = clip?.recording ?? session.recording;
  const t = clip ? player.t : session.clock.view(now * 1000);
  const { title, text, health } = verdict(session, now);
  const past = clip ? recording.changes(clip.from, t).findLast((record) => sentence(record) !== null) : null;
  write("verdict", clip ? clip.title : title);
  part("verdict").classList.toggle("ok", !clip && session.connected && health.verdict === "healthy");
  write("lede", clip ? (past && sentence(past)) ?? "" : text);
  part("brand-leader").setAttribute("class", termClass(health.term));
  part("live-dot").classList.toggle("on", session.connected && clip === null);
  drawOffer(offerParts, clip ? null : offered);
  drawElections(part("elections"), session.elections);
  const look = {
    live: true, screen: (/** @type {number} */ time) => time,
    now: session.clock.members(now * 1000), still: true, chosen: members.chosen,
  };
  members.draw(picture(session.recording, session.clock.view(now * 1000), look).members);
  const shown = recording.frame(t);
  drawValues(part("values"), shown);
  drawLogs(part("logs"), shown);
  drawTold(part("told"), shown);
  drawEvents(part("events"), recording.changes(t - 30_000_000, t));
  announcer.speak(part("announce"), now);
}

function write(/** @type {string} */ id, /** @type {string} */ text) {
  if (part(id).textContent !== text) part(id).textContent = text;
}

/** What the reader can do. */
function wire() {
  const actions = {
    toggle: () => (player.clip ? player.toggle() : freeze()),
    step(/** @type {1 | -1} */ direction, /** @type {boolean} */ onlyChanges) {
      if (!player.clip && direction > 0) return;
      if (!player.clip) freeze();
      player.step(direction, onlyChanges);
    },
    faster: (/** @type {1 | -1} */ direction) => player.faster(direction),
    seek: (/** @type {number} */ to) => player.seek(to),
    live: () => player.close(),
    replay: () => session.elections[0] && replay(session.elections[0]),
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
  const click = (/** @type {string} */ id, /** @type {() => void} */ act) => part(id).addEventListener("click", act);
  click("play", actions.toggle);
  click("back", () => actions.step(-1, false));
  click("forward", () => actions.step(1, false));
  click("restart", () => player.seek(0));
  click("slower", () => player.faster(-1));
  click("faster", () => player.faster(1));
  click("to-live", actions.live);
  click("help", actions.help);
  click("offer-replay", () => offered && replay(offered));
  part("elections").addEventListener("click", (/** @type {Event} */ event) => {
    const term = /** @type {Element} */ (event.target).closest("button")?.dataset.term;
    const election = session.elections.find((one) => String(one.term) === term);
    if (election) replay(election);
  });
  part("stage").addEventListener("click", (/** @type {Event} */ event) => {
    const name = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".node"))?.dataset.name;
    if (name) members.choose(name);
  });
  deck.onSeek((to) => {
    if (player.clip) {
      player.playing = false;
      player.seek(to);
    }
  });
  deck.onPull((story) => {
    player.playing = false;
    if (player.clip) player.seek((player.story + story) / player.warp.length);
  });
}

function replay(/** @type {import("./live/session.js").Kept} */ election) {
  const { clip: recording, from, to, term } = election;
  offered = null;
  const origin = election.lastHeard ?? election.began;
  player.open({ recording, from, to, origin, title: say("replayTerm", { term }) }, { playing: !still.matches });
  part("play").focus({ preventScroll: true });
}

/** Stops the live picture, so that its last seconds can be looked at. */
function freeze() {
  const to = session.clock.view(Date.now() * 1000);
  const from = Math.max(to - FROZEN, session.recording.from);
  if (to <= from) return;
  const clip = { recording: session.recording.slice(from, to), from, to, origin: from, title: say("replayPast") };
  player.open(clip, { at: to, playing: false });
}
