/** What the page's parts say to each other. */

import type { Claims } from "../model/claims.js";
import type { Place } from "../model/link.js";
import type { Recording } from "../model/recording.js";
import type { Kind, Micros } from "../model/types.js";
import type { Look } from "../model/view.js";
import type { Shape } from "../scene/tree.js";
import type { Player } from "./player.js";

/** What is on the stage now. */
export interface Shown {
  recording: Recording;
  t: Micros;
  look: Pick<Look, "live" | "screen" | "now">;
}

/** One of the four parts of the page. All of them share the stage, the side and the deck. */
export interface Face {
  /** The replay; it holds no clip while the picture is live. */
  player: Player;
  /** What was found in the trace that is shown; null where nothing is checked. */
  claims: Claims | null;
  enter(place: Place): void;
  leave(): void;
  /** Where the reader is, for a link; null if a link could not lead here again. */
  place(): Place | null;
  /** The words on the button that copies the link. */
  placeName(): string;
  shown(): Shown;
  /** Draws what is read. */
  panels(now: number): void;
  /** The trace that is shown, as text. */
  trace(): { name: string; text: string } | null;
  /** Buttons that act on a message, and what they do. */
  messageActs?(key: string): Shape[];
  act?(action: string): void;
  /** Shows a file. */
  openFile?(file: File): Promise<void>;
  /** What the reader's keys mean here and nowhere else. */
  keys: Partial<FaceKeys>;
}

export interface FaceKeys {
  toggle(): void;
  step(direction: 1 | -1, kind: Kind | null): void;
  escape(): void;
  turn(by: 1 | -1): void;
  replay(): void;
  write(): void;
  stopOrStart(): void;
  cut(): void;
  heal(): void;
  drop(): void;
}

/** Gives the element with this id. */
export type Part = (id: string) => any;
