/** What a chapter is made of. */

import type { Trace } from "../model/file.js";
import type { Spec } from "../model/link.js";
import type { Member } from "../model/types.js";
import type { Runner } from "../run/runner.js";

/** A chapter's texts in one language, but for its title. */
export interface Telling {
  lede: string;
  /** The step in a few words, and what is seen there. */
  beats: [step: string, text: string][];
  ask: { question: string; options: string[]; why: string };
  /** What the reader can verify. */
  checks: string[];
}

/** How it goes when a rule is missing. */
export type Harm = Pick<Telling, "lede" | "beats" | "checks">;

/** What is filled into the texts: members' names, and figures. */
export type Values = Record<string, string | number>;

/** A chapter as a run tells it. What a reader's action made impossible is null. */
export interface Told {
  /** When each beat comes, in order. */
  beats: (number | null)[];
  values: Values;
  /** Whether each thing to verify holds, and from when on that can be seen. */
  checks: Check[];
}

export interface Check {
  t: number | null;
  holds: boolean;
}

export type Act =
  | "stop" | "start" | "power" | "write" | "writeHere" | "cut" | "heal" | "read" | "local"
  | "snapshot";

export interface Chapter {
  /** Its texts and what tells its beats are in files of that name. */
  id: string;
  spec: Spec;
  /** The right answer to the chapter's question, from 0. */
  right: number;
  /** The beat at which the answer can be seen, from 0. */
  reveals: number;
  /** What can be done here; the playground has everything. */
  acts: Act[];
  /** Runs in which a rule of the chapter is missing, or something that it relies on. */
  without: Missing[];
  /** Draws what only this chapter has. */
  extra?: () => Promise<{ draw: Extra }>;
  /** Fetches what says how a run tells the chapter. */
  teller: Teller;
}

export type Teller = () => Promise<(trace: Trace) => Told>;

export interface Missing {
  /** The name of the trace, or of what is wrong; and of the files, as a chapter's. */
  name: string;
  spec: Spec;
  teller: Teller;
}

/** Draws into a card, from what is on the stage; whether there is anything to see. */
export type Extra = (card: HTMLElement, page: ExtraPage) => boolean;

export interface ExtraPage {
  chapter: Chapter;
  run: Runner;
  told: Told | null;
  /** The member that the reader chose, or the one that matters now. */
  member: Member | undefined;
}
