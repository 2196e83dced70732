// @ts-check
// Open a trace: a file of records, from `quorate trace save`, from the simulator or from a failed
// check, is replayed as everything else is. The file does not leave the browser.

import { Claims } from "../model/claims.js";
import { blank } from "../model/fold.js";
import { NoTrace, readTrace } from "../model/file.js";
import { Recording } from "../model/recording.js";
import { patch, shape } from "../scene/tree.js";
import { Player } from "../show/player.js";
import { duration, learn, say } from "../text.js";

await learn("open");

/** @import { Trace } from "../model/file.js" */
/** @import { Face, FaceKeys, Part } from "../show/types.js" */

/** @implements {Face} */
export class OpenFace {
  player = new Player();
  /** @type {Claims | null} */
  claims = null;
  /** @type {(Trace & {name: string}) | null} */
  #trace = null;
  #empty = new Recording(blank([]));
  #part;
  #still;

  /**
   * @param {Part} part
   * @param {MediaQueryList} still
   */
  constructor(part, still) {
    this.#part = part;
    this.#still = still;
    part("open-file").addEventListener("change", (/** @type {Event} */ event) => {
      const [file] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
      if (file) this.openFile(file);
    });
  }

  /** Shows a file from its beginning, or says why it cannot. */
  async openFile(/** @type {File} */ file) {
    const { name } = file;
    const result = this.#part("open-result");
    try {
      const trace = readTrace(await file.text());
      this.#trace = { ...trace, name };
      this.claims = new Claims(trace.recording.records);
      const { recording, from, to } = trace;
      this.player.open(
        { recording, from, to, origin: from, title: name },
        { playing: !this.#still.matches, directed: true },
      );
      result.textContent = "";
    } catch (error) {
      const line = error instanceof NoTrace ? error.line : "?";
      result.textContent = say("notATrace", { file: name, line });
    }
    result.classList.toggle("bad", result.textContent !== "");
  }

  enter() {}

  leave() {
    document.body.classList.remove("empty");
    this.player.playing = false;
  }

  place() {
    return null;
  }

  placeName() {
    return "";
  }

  shown() {
    const { clip, t, warp } = this.player;
    const screen = (/** @type {number} */ at) => warp.story(at);
    return { recording: clip?.recording ?? this.#empty, t, look: { live: false, screen, now: t } };
  }

  trace() {
    return this.#trace;
  }

  /** @type {Partial<FaceKeys>} */
  keys = {};

  panels() {
    const trace = this.#trace;
    document.body.classList.toggle("empty", trace === null);
    this.#part("open-title").textContent = trace ? trace.name : say("openTitle");
    this.#part("open-lede").textContent = trace ? this.#told(trace) : say("openLede");
    /** @type {[string, string][]} */
    const facts = trace
      ? [
          [say("factSource"), trace.hello.src],
          [say("factCluster"), trace.hello.cluster],
          [say("factBuild"), trace.hello.build],
        ]
      : [];
    patch(
      this.#part("open-facts"),
      facts
        .filter(([, value]) => value)
        .flatMap(([name, value]) => [shape("dt", {}, name), shape("dd", { class: "mono" }, value)]),
    );
  }

  #told(/** @type {Trace} */ { hello, lines, from, to }) {
    const values = { members: hello.nodes.length, records: lines, span: duration(to - from) };
    return say("openedLede", values);
  }
}
