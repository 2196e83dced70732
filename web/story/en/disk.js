// @ts-check
// Chapter 12 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "A member that forgets its vote could vote twice; one that forgets an entry breaks its " +
    "promise. So term, vote and log go to the disk first, and only then does the answer leave.",
  beats: [
    [
      "A vote is a promise",
      "{voter} voted in term {term}. Before the vote left, it was on the disk.",
    ],
    [
      "Power loss",
      "{voter} is gone in the middle of its work. What was not yet on the disk is lost, and " +
        "was promised to nobody.",
    ],
    [
      "What the disk remembers",
      "It starts again: same term, same vote, same log. It cannot vote a second time in term " +
        "{term}.",
    ],
    ["Caught up", "The leader sends what it missed. Nobody else noticed much."],
  ],
  ask: {
    question: "When may a member say that it holds an entry?",
    options: ["When it has it in memory", "When it is on its disk", "When the leader asks"],
    why: "When the disk has said so. A promise must outlive a loss of power.",
  },
  checks: [
    "After the restart: term {term}, vote {vote}, {entries} entries, as before",
    "What was acknowledged is still there",
  ],
};
