// @ts-check
// What the chapters are called in English, and, by the names of their traces, the rules that may be
// missing.

/** @type {Record<string, string>} */
export default {
  one: "One node is easy",
  many: "Many nodes, one answer",
  states: "Three states",
  timers: "Two timers",
  election: "Winning an election",
  stop: "Stop the leader",
  split: "Split vote",
  replicate: "Log replication",
  partition: "Two leaders, one truth",
  repair: "Log repair",
  mayLead: "Who may lead",
  disk: "Crash and disk",
  snapshots: "Snapshots",
  members: "Changing the members",
  reads: "Reads and the past",
  break: "Your turn",
  no_hint: "Without the hint",
  stale_vote: "Vote for anyone",
  old_term_commit: "Count old copies",
  lying_disk: "A disk that lies",
  one_jump: "In one jump",
  slow_clock: "A clock that is slow",
};
