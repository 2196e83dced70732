// @ts-check
// Chapter 10 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "A leader that was cut off has collected entries which nobody else has. When it comes " +
    "back, its log must become that of the new leader, and nothing committed may be lost on " +
    "the way.",
  beats: [
    ["Apart", "{old} goes on taking requests, and appends them. None of them can be committed."],
    ["Elsewhere", "Meanwhile {leader} leads term {term}, and its log goes another way."],
    [
      "Do we agree?",
      "The wall is gone. {leader} sends entries that follow a position which {old} does not " +
        "hold.",
    ],
    [
      "No",
      "{old} rejects them, and says where the two logs may still agree: a hint that skips a " +
        "whole term at once.",
    ],
    ["Cut back", "{old} removes the tail that contradicts, and appends what it was sent."],
    ["The same again", "One answer later the leader knows that both logs are equal."],
  ],
  ask: {
    question:
      "Ten entries contradict. How many messages does it take to find the place where they part?",
    options: ["One each: ten", "One or two", "All are compared"],
    why: "One or two: both sides name terms, not entries, and go back a whole term at a time.",
  },
  checks: [
    "Round trips until the logs agreed: {trips}",
    "Committed entries that were erased: {erased}",
  ],
};
