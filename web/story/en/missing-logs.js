// @ts-check
// The story in English: what happens when a rule is missing.

/** @import { Harm } from "../types.js" */

/** @type {Record<string, Harm>} */
export default {
  stale_vote: {
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
  },
  old_term_commit: {
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
  },
};
