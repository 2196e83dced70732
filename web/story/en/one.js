// @ts-check
// Chapter 1 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "A single machine keeps a value. Whoever asks it gets one answer, and there is nobody to " +
    "disagree with. Everything that follows is the price of surviving its loss.",
  beats: [
    [
      "It elects itself",
      "A cluster of one still elects its leader: {leader} votes for itself, and one vote of " +
        "one is a majority.",
    ],
    ["A client writes", "The client asks {leader} to set `x` to `8`, and waits."],
    [
      "The log comes first",
      "Before anything changes, the request is appended to the log. The dashed cell is not " +
        "yet decided.",
    ],
    [
      "Committed",
      "The entry is on the disk of a majority, which here is one disk. The cell becomes " +
        "solid; it will never change again.",
    ],
    [
      "Answered",
      "Only now is the value applied, and only then does the client hear that it was.",
    ],
  ],
  ask: {
    question: "If this machine burns down after the answer, what is left of `x = 8`?",
    options: ["Nothing", "The value", "The log"],
    why: "Nothing is left: the promise was kept on one disk. The next chapters use several.",
  },
  checks: [
    "The node holds {value}, as it was sent",
    "The answer came {after} after the entry was committed, not before",
  ],
};
