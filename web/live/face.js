// @ts-check
// The live view: the members of a running cluster, a little late, or a replay of what they just
// did. The stream fills the session, and the session is drawn.

import { Player } from "../show/player.js";
import { sentence } from "../show/sentences.js";
import { learn, say } from "../text.js";
import { writeTrace } from "../model/write.js";
import * as api from "./api.js";
import { drawElections, drawOffer } from "./elections.js";
import { drawFigures } from "./figures.js";
import { Members } from "./members.js";
import { drawBeside, drawParts } from "./parts.js";
import { Session } from "./session.js";
import { follow } from "./stream.js";
import { verdict } from "./verdict.js";
import { enableWriting } from "./write.js";

await learn("live");

/** @import { Hello, StoryRecord } from "../protocol.js" */
/** @import { Selection } from "../show/selection.js" */
/** @import { Face, FaceKeys, Part, Shown } from "../show/types.js" */
/** @import { Login } from "./login.js" */
/** @import { Kept } from "./session.js" */

/** How often the processes are asked for, in milliseconds. */
const MEMBERS_MS = 3_000;
/** What the picture shows when it is stopped, in microseconds. */
const FROZEN = 2_000_000;

/** @implements {Face} */
export class LiveFace {
  player = new Player();
  claims = null;
  session = new Session();
  #beside = document.createElement("section");
  #members;
  #part;
  #still;
  /** The election that was not looked at yet. @type {Kept | null} */
  #offered = null;
  #began = false;
  #told;
  /** Asks who the reader is, once a member wants to know. @type {Login | null} */
  #login = null;

  /**
   * @param {Part} part
   * @param {Selection} selection
   * @param {MediaQueryList} still whether the reader asked for reduced motion
   * @param {(record: StoryRecord) => void} told hears each record
   */
  constructor(part, selection, still, told) {
    this.#part = part;
    this.#still = still;
    this.#told = told;
    drawParts(part("live"));
    this.#beside.className = "beside";
    part("claims").after(this.#beside);
    drawBeside(this.#beside);
    this.#members = new Members(part("members"), part("members-result"), selection);
    enableWriting(part("write"), part("write-result"));
    part("offer-replay").addEventListener("click", () => this.#replay(this.#offered));
    part("elections").addEventListener("click", (/** @type {Event} */ event) => {
      const term = /** @type {Element} */ (event.target).closest("button")?.dataset.term;
      this.#replay(this.session.elections.find((one) => String(one.term) === term));
    });
  }

  /** The stream begins when the reader first comes here, and then goes on. */
  enter() {
    this.#beside.hidden = false;
    this.#part("cluster").hidden = this.session.hello === null;
    if (this.#began) return;
    this.#began = true;
    follow("api/live", {
      headers: () => this.#login?.headers ?? {},
      open: (stop) => {
        this.session.open();
        this.#login?.admitted(stop);
      },
      refused: async (status) => {
        const { Login } = await import("./login.js");
        this.#login ??= new Login(this.#part("write"), () => this.session.refused());
        await this.#login.renew(status);
      },
      broken: () => this.session.broken(),
      record: (record) => {
        this.session.take(record, Date.now());
        if (record.k === "hello") this.#begin(record);
        else this.#told(record);
        if (record.k === "hello" || record.k === "ft") this.#members.refresh();
      },
    });
    setInterval(() => this.#members.refresh(), MEMBERS_MS);
  }

  leave() {
    this.#beside.hidden = true;
    this.#part("cluster").hidden = true;
  }

  place() {
    return null;
  }

  placeName() {
    return "";
  }

  /** What is on the stage: the replay if there is one, else the members as they are now. */
  shown() {
    const { clip, t, warp } = this.player;
    if (clip) {
      const screen = (/** @type {number} */ at) => warp.story(at);
      return { recording: clip.recording, t, look: { live: false, screen, now: t } };
    }
    const { clock, recording } = this.session;
    const now = Date.now() * 1000;
    const screen = (/** @type {number} */ at) => at;
    return {
      recording,
      t: clock.view(now),
      look: { live: true, screen, now: clock.members(now) },
    };
  }

  trace() {
    const { recording, t } = this.shown();
    const { clip } = this.player;
    if (!this.session.hello) return null;
    const [from, to] = clip ? [clip.from, clip.to] : [recording.from, t];
    return { name: "live", text: writeTrace(this.session.hello, recording, from, to) };
  }

  /** @type {Partial<FaceKeys>} */
  keys = {
    toggle: () => (this.player.clip ? this.player.toggle() : this.#freeze()),
    step: (direction, kind) => {
      if (!this.player.clip && direction > 0) return;
      if (!this.player.clip) this.#freeze();
      this.player.step(direction, kind);
    },
    escape: () => this.player.close(),
    replay: () => this.#replay(this.session.elections[0]),
    write: () => this.#part("write-key").focus(),
    stopOrStart: () => this.#members.stopOrStart(),
  };

  panels(/** @type {number} */ now) {
    const { session, player } = this;
    this.#offered = session.tidy().at(-1) ?? this.#offered;
    const { clip } = player;
    if (clip && clip.recording === this.#offered?.clip) this.#offered = null;
    const { title, text, health } = verdict(session, now);
    this.#set("verdict", clip ? clip.title : title);
    this.#set("lede", clip ? this.#past(this.shown(), clip.from) : text);
    const fine = !clip && session.connected && health.verdict === "healthy";
    this.#part("verdict").classList.toggle("ok", fine);
    const untried = clip === null && this.#members.enabled && session.elections.length === 0;
    this.#part("hint").hidden = !untried;
    const offer = {
      card: this.#part("offer"),
      title: this.#part("offer-title"),
      text: this.#part("offer-text"),
    };
    this.#login?.draw();
    this.#part("write").hidden = !session.hello?.can.includes("write");
    this.#part("members-part").hidden = session.hello === null;
    drawOffer(offer, clip ? null : this.#offered);
    drawElections(this.#part("elections"), session.elections);
    const times = { page: now, members: session.clock.members(now * 1000) };
    const frame = session.recording.frame(times.members);
    drawFigures(this.#part("figures"), session.figures, frame, times);
    // The buttons act on the members as they are now, also during a replay.
    const t = session.clock.view(now * 1000);
    this.#members.draw(session.recording.frame(t), session.clock.members(now * 1000));
  }

  /** Shows what the serving process offers, and no more. */
  #begin(/** @type {Hello} */ { cluster, build, can }) {
    this.#set("cluster", `${cluster} · ${build}`);
    this.#part("cluster").hidden = this.#beside.hidden;
    this.#members.enabled = can.includes("fault");
    this.#part("members-note").hidden = !this.#members.enabled;
    // Who cannot tell of the past is asked again with the next hello.
    api.elections(this.#login?.headers ?? {}).then((trace) => this.session.recall(trace), () => {});
  }

  /** The last thing that happened in a replay. */
  #past(/** @type {Shown} */ { recording, t }, /** @type {number} */ from) {
    const past = recording.changes(from, t).findLast((record) => sentence(record) !== null);
    return (past && sentence(past)) ?? "";
  }

  #replay(/** @type {Kept | null | undefined} */ election) {
    if (!election) return;
    const { clip: recording, from, to, term } = election;
    const origin = election.lastHeard ?? election.began;
    this.player.open(
      { recording, from, to, origin, title: say("replayTerm", { term }) },
      { playing: !this.#still.matches },
    );
    this.#part("play").focus({ preventScroll: true });
  }

  /** Stops the live picture, so that its last seconds can be looked at. */
  #freeze() {
    const { clock, recording: all } = this.session;
    const to = clock.view(Date.now() * 1000);
    const from = Math.max(to - FROZEN, all.from);
    if (to <= from) return;
    const recording = all.slice(from, to);
    this.player.open(
      { recording, from, to, origin: from, title: say("replayPast") },
      { at: to, playing: false },
    );
  }

  #set(/** @type {string} */ id, /** @type {string} */ text) {
    if (this.#part(id).textContent !== text) this.#part(id).textContent = text;
  }
}
