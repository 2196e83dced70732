// @ts-check
// Chapter 9 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "The network will split in two. On each side there will be a leader, and to each a client " +
    "will write. Only one of the writes can win.",
  beats: [
    [
      "The network splits",
      "A wall stands between {minority} and the others. {old} still believes that it leads " +
        "term {oldTerm}, but it reaches only a minority.",
    ],
    [
      "A write to the old one",
      "A client writes `{lostCmd}` to {old}. It is appended, but never held by a majority: " +
        "the cell stays dashed, the client waits.",
    ],
    [
      "A second leader",
      "On the other side a majority hears no heartbeat, and elects {leader} for term {term}.",
    ],
    [
      "A write to the new one",
      "Another client writes `{keptCmd}` to {leader}. A majority has it, so it is committed " +
        "and acknowledged.",
    ],
    ["The wall falls", "The messages get through again. {leader} speaks with the newer term."],
    [
      "One truth",
      "{old} follows, and drops the entry that was never committed. The log of {leader} " +
        "takes its place.",
    ],
  ],
  ask: {
    question: "Which write will still exist after the network heals?",
    options: ["Old leader's", "New leader's", "Both"],
    why: "The one that a majority held. The other was never acknowledged, so nobody was lied to.",
  },
  checks: [
    "The commit mark of {old} did not move while it was cut off",
    "The acknowledged write is in all {members} logs",
  ],
};
