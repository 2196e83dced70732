// @ts-check
// Chapter 11 in English, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede:
    "An engine like ours, with one rule missing: here a leader may count the copies of any " +
    "entry, also of one that an earlier leader wrote. This is figure 8 of the Raft paper, " +
    "recorded.",
  beats: [
    [
      "A write is left behind",
      "{old} leads term {oldTerm}, but is cut off with one other. `{cmd}` comes to two " +
        "disks of five, and {old} dies.",
    ],
    [
      "Another leader",
      "{second} leads term {secondTerm} and appends an entry that nobody else gets: it " +
        "dies too. Its log now ends with a newer term.",
    ],
    [
      "The write travels on",
      "{third} has `{cmd}`, leads term {thirdTerm}, and goes on copying it.",
    ],
    [
      "Counted too soon",
      "Three of five hold `{cmd}`, so {third} commits it. The missing rule would say: not " +
        "before an entry of term {thirdTerm} is held by as many.",
    ],
    [
      "Gone",
      "{third} dies. The log of {last} ends in term {secondTerm}, newer than that of " +
        "`{cmd}`, so the others vote for it. It leads term {lastTerm} without the entry.",
    ],
  ],
  checks: [
    "`{cmd}` was committed by {third}",
    "{last} leads term {lastTerm} and does not hold it",
  ],
};
