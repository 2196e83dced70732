/** The trace's records, version 1, as docs/trace.md defines them. */

/** Follower, pre-candidate, candidate, leader, stopped. */
export type Role = "F" | "P" | "C" | "L" | "X";

/** Index, term, and the one line that the state machine makes of the command. */
export type Entry = [index: number, term: number, text: string];

/** Microseconds: since the Unix epoch in a live stream. */
export type Micros = number;

export type Fault = "stop" | "pause" | "resume" | "start";

export interface Stamp {
  /** Counts the records of a stream from 0. */
  i: number;
  t: Micros;
}

export interface Of {
  /** The member that the record is about. */
  n: string;
}

export interface Hello extends Stamp {
  k: "hello";
  v: number;
  src: string;
  cluster: string;
  nodes: { id: string; client: string; peer: string }[];
  voters: string[];
  timing: { election_us: [min: number, max: number]; heartbeat_us: number };
  build: string;
  can: string[];
  /** Of a simulated run: how to have it again. */
  run?: { cmd: string; seed: number; scenario: string; actions?: string; until?: number };
}

export interface Key extends Stamp, Of {
  k: "key";
  role: Role;
  term: number;
  vote: string | null;
  lead: string | null;
  log: Entry[];
  first: number;
  ci: number;
  ai: number;
  kv: [key: string, value: string | null][];
  tm: [dur: Micros, dl: Micros] | null;
  du?: Durable;
  sn?: Snapshot;
  cf?: Configuration;
}

/** What the disk has reported to hold: the log up to `di`, and the vote in a term. */
export interface Durable {
  di: number;
  term: number;
  vote: string | null;
}

/** The newest snapshot covers the log up to `si`; the log begins after `bi`. */
export interface Snapshot {
  si: number;
  st: number;
  bi: number;
}

/** Who belongs to the cluster, by the entry at `idx`. With an `out` it is joint. */
export interface Configuration {
  idx: number;
  voters: string[];
  out?: string[];
  learners: string[];
}

export interface Persisted extends Stamp, Of, Durable {
  k: "du";
}

export interface Snapshotted extends Stamp, Of, Snapshot {
  k: "sn";
}

export interface Configured extends Stamp, Of, Configuration {
  k: "cf";
}

export interface State extends Stamp, Of {
  k: "st";
  role: Role;
  term: number;
  vote: string | null;
  lead: string | null;
}

export interface Timer extends Stamp, Of {
  k: "tm";
  dur: Micros;
  dl: Micros;
}

export interface Bodies {
  PV: { li: number; lt: number };
  PVR: { ok: boolean };
  RV: { li: number; lt: number };
  RVR: { ok: boolean };
  AE: { pi: number; pt: number; e: Entry[]; ci: number };
  AER: { ok: boolean; mi: number };
  HB: { ci: number };
  HBR: Record<string, never>;
  FW: { e: string[] };
  RI: Record<string, never>;
  RIR: { ri: number };
  TN: Record<string, never>;
  IS: { si: number; o: number; of: number | null };
  ISR: { si: number; o: number; of: number | null };
  RC: { c: string[] };
  RCR: { ok: boolean };
}

export type MessageKind = keyof Bodies;

/** A message leaves. The body's fields depend on `m`; see `Bodies`. */
export interface Sent extends Stamp, Of {
  k: "tx";
  id: number;
  to: string;
  m: MessageKind;
  term: number;
  b: Body;
  /** When it will be there if nothing comes between; simulated runs only. */
  eta?: Micros;
}

/** Every field that a body may have. */
export interface Body {
  li?: number;
  lt?: number;
  ok?: boolean;
  pi?: number;
  pt?: number;
  e?: (Entry | string)[];
  ci?: number;
  mi?: number;
  ri?: number;
  si?: number;
  o?: number;
  of?: number | null;
  c?: string[];
}

export interface Received extends Stamp, Of {
  k: "rx";
  from: string;
  id: number;
}

export interface Dropped extends Stamp, Of {
  k: "dx";
  from: string;
  id: number;
  why: string;
}

export interface Appended extends Stamp, Of {
  k: "ap";
  e: Entry[];
}

export interface Truncated extends Stamp, Of {
  k: "tr";
  from: number;
  lost: Entry[];
}

export interface Committed extends Stamp, Of {
  k: "ci";
  ci: number;
}

export interface Applied extends Stamp, Of {
  k: "ax";
  ai: number;
  set: [key: string, value: string | null][];
}

export interface Operation extends Stamp, Of {
  k: "op";
  op: string;
  /** `lost`: the member that took it is gone, and it may have worked or not. */
  ph: "inv" | "ok" | "fail" | "lost";
  /** Only with `inv`. */
  cmd?: string;
  /** The client; only with `inv`, in a simulated run. */
  by?: string;
  /** What it was answered; simulated runs only. */
  val?: string;
}

export interface Faulted extends Stamp, Of {
  k: "ft";
  f: Fault;
}

export interface Gap extends Stamp, Of {
  k: "gap";
  lost: number;
}

/** Once a second, what a member did in it; live streams only. Times are in microseconds. */
export interface Aggregate extends Stamp, Of {
  k: "ag";
  /** How long the span was. */
  win: number;
  /** When it came to stand as it does. */
  since: number;
  /** From a client's request until its answer. */
  op: Times;
  /** From a write until it was durable. */
  disk: Times;
  peers: Record<string, PeerSight>;
}

export interface Times {
  n: number;
  p50: number;
  p99: number;
  max: number;
}

export interface PeerSight {
  up: boolean;
  tx: number;
  rx: number;
  heard: number | null;
  rtt: number | null;
  lag: [entries: number, us: number] | null;
}

/** These links are cut from now on, each one way, and no others; simulated runs only. */
export interface Network extends Stamp {
  k: "net";
  n?: undefined;
  cut: [from: string, to: string][];
}

/** Somebody does this, in the words of docs/scenarios.md; staged runs only. */
export interface Acted extends Stamp {
  k: "act";
  n?: undefined;
  a: string;
  /** To whom. */
  on: string[];
  /** Why it could not be done. */
  why?: string;
}

/** The run is over; simulated runs only. */
export interface Ended extends Stamp {
  k: "end";
  n?: undefined;
  why: string;
}

/** A rule that must hold does, or does not; simulated runs only. */
export interface Invariant extends Stamp {
  k: "iv";
  n?: undefined;
  name: string;
  ok: boolean;
  wit?: string;
}

/** What is about one member. */
export type MemberRecord =
  | Key | State | Timer | Sent | Received | Dropped | Appended | Truncated | Committed | Applied
  | Operation | Faulted | Gap | Aggregate | Persisted | Snapshotted | Configured;

/** What a recording holds: every record but `hello`. */
export type StoryRecord = MemberRecord | Network | Acted | Invariant | Ended;

export type TraceRecord = Hello | StoryRecord;

/** `GET /api/members`. */
export interface MembersAnswer {
  members: MemberProcess[];
}

export interface MemberProcess {
  name: string;
  state: "running" | "paused" | "stopped";
  client: string;
  peer: string;
  pid: number | null;
}

/** `POST /api/put`. */
export interface PutAnswer {
  ok: true;
  member: string;
  revision: number;
  ms: number;
}
