/** What the page knows: the model's plain objects, shared by model, scene and live. */

import type {
  Body, Configuration, Durable, Entry, MessageKind, Micros, Role,
} from "../protocol.js";

/** One member as the records up to some time tell it. */
export interface Member {
  name: string;
  role: Role;
  term: number;
  vote: string | null;
  lead: string | null;
  /** A tail of the log, adjacent indices. */
  log: readonly Entry[];
  /** The index of the tail's first entry. */
  first: number;
  /** Up to where a snapshot has taken the place of the log. */
  base: number;
  /** What its disk has reported to hold. */
  disk: Durable;
  /** Who belongs to the cluster, as far as it knows. */
  configuration: Configuration;
  ci: number;
  ai: number;
  /** Applied values, the key that was set last comes last. */
  kv: ReadonlyMap<string, string>;
  timer: { dur: Micros; dl: Micros } | null;
  paused: boolean;
  /** When it took its role. */
  since: Micros;
  /** When it was last heard of; 0 before its first record. */
  heard: Micros;
  /** The latest truncation. */
  lost: { t: Micros; from: number; entries: readonly Entry[] } | null;
  /** How many records of it were left out so far. */
  missing: number;
  /** When its commit index last rose. */
  committed: Micros;
}

/** The whole cluster at one time: the fold of all records up to it. */
export interface Frame {
  t: Micros;
  members: ReadonlyMap<string, Member>;
  /** The key that was written last, and at which index. */
  watched: { key: string; index: number } | null;
  /** The links that are cut, each one way. */
  cut: readonly Link[];
  /** Each client's latest request. */
  asked: ReadonlyMap<string, Asked>;
}

export type Link = readonly [from: string, to: string];

/** A client's request, as far as it has come. */
export interface Asked {
  op: string;
  /** The client. */
  by: string;
  /** The member that took it. */
  member: string;
  cmd: string;
  ph: "inv" | "ok" | "fail" | "lost";
  val: string | null;
  /** When it last changed. */
  t: Micros;
}

/** A message with what is known of its two ends. */
export interface Message {
  key: string;
  from: string;
  to: string;
  m: MessageKind;
  term: number;
  b: Body;
  t0: Micros;
  /** When it arrived, or was known to be lost, or will arrive; null while none is known. */
  t1: Micros | null;
  /** Whether it arrived or was lost. */
  ended: boolean;
  dropped: boolean;
}

/** A stretch of records that can be played by itself. */
export interface Span {
  from: Micros;
  to: Micros;
}

export interface Election {
  term: number;
  leader: string;
  /** Who led before, if anybody is known to have. */
  previous: string | null;
  /** The last heartbeat or append of the previous leader. */
  lastHeard: Micros | null;
  began: Micros;
  won: Micros;
  /** The first commit of the new term at its leader; null while there is none. */
  committed: Micros | null;
  /** From the first missed heartbeat to the new leader; null for a first leader. */
  down: Micros | null;
}

/** A moment as it is to be drawn: everything that the stage needs, and nothing else. */
export interface Picture {
  t: Micros;
  members: PictureMember[];
  flights: Flight[];
  cut: readonly Link[];
  /** Whether all members go by the same configuration, as far as their logs tell. */
  agreed: boolean;
  asked: Asked[];
  /** Messages stand still as arrows: the reader asked for reduced motion. */
  still: boolean;
}

export interface PictureMember {
  name: string;
  role: Role;
  term: number;
  vote: string | null;
  paused: boolean;
  /** The applied value of the watched key. */
  value: string;
  /** What is left of the election timer, as a part and in milliseconds. */
  timer: { part: number; ms: number } | null;
  /** One per voter: whether this candidate has its vote. Null for all other roles. */
  tally: boolean[] | null;
  /** Up to where a snapshot stands in the place of the log. */
  base: number;
  /** The end of the log. `index` counts from 1 as in the log. */
  log: { index: number; term: number; text: string; committed: boolean }[];
  ci: number;
  /** Entries just truncated, while they fall; `part` runs from 0 to 1. */
  lost: { entries: readonly Entry[]; part: number } | null;
  /** It gets the log and does not vote. */
  learns: boolean;
  /** From 1 to 0 in the half second after the commit index rose. */
  pulse: number;
  /** How long ago it was heard of, in microseconds, if that is too long. */
  silent: number | null;
  chosen: boolean;
}

export interface Flight {
  key: string;
  from: string;
  to: string;
  m: MessageKind;
  term: number;
  ok: boolean;
  /** The entries' short texts. */
  texts: string[];
  /** Of a piece of a snapshot: how much of the whole goes before it, from 0 to 1. */
  share: number;
  /** How much of the way is done. */
  part: number;
  /** For a dropped message, from 0 to 1 while its cross fades. */
  cross: number | null;
  chosen: boolean;
}

/** What a reader may step through. */
export type Kind = "change" | "role" | "append" | "commit" | "client" | "fault";
