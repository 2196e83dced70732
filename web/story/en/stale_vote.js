// @ts-check
// Chapter 11 in English, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede:
    "An engine like ours, with one rule missing: here a member votes for whoever asks first, " +
    "whatever the log of the candidate.",
  beats: [
    ["Left behind", "A member is cut off, and misses what is written now."],
    [
      "Acknowledged",
      "The others are a majority: `{cmd}` is committed, and the client is told so after {acked}.",
    ],
    [
      "A vote that should not be",
      "The old leader is gone. {voter} holds `{cmd}`, and grants its vote to {stale}, which " +
        "does not.",
    ],
    ["It leads", "{stale} leads term {term}, without what was committed."],
    [
      "Erased",
      "Whoever follows takes over the log of the leader. {victim} cuts off the entry that it " +
        "had promised to hold.",
    ],
  ],
  checks: [
    "{stale} leads term {term} and does not hold `{cmd}`",
    "{victim} removed an entry that was acknowledged",
  ],
};
