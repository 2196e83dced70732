// @ts-check
// Chapter 2 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "Three machines, and no agreement between them: each decides alone, and believes whoever " +
    "asks it. Two clients want to set the same value.",
  beats: [
    [
      "Each for itself",
      "Nobody talks to anybody. Each machine elects itself, and is sure of itself.",
    ],
    [
      "Two clients",
      "One client asks {first} for `{firstCmd}`, the other asks {second} for `{secondCmd}`. " +
        "Nobody else hears of it.",
    ],
    [
      "Every write is acknowledged",
      "Each machine did what it was asked, and each client was told so.",
    ],
    [
      "Which is true?",
      "Ask three machines, and get different answers. They will never find together again: " +
        "disagreements, {disagreements}.",
    ],
  ],
  ask: {
    question: "Which value of `x` is the right one?",
    options: ["The first", "The one that more have", "Nobody can say"],
    why:
      "Nobody can say: every machine kept its promise, and the promises contradict. A protocol " +
      "has to see to it that only one of them is ever made.",
  },
  checks: [
    "Disagreements between the copies: {disagreements}",
    "All {answers} writes were acknowledged, each by one machine alone",
  ],
};
