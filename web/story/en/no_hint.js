// @ts-check
// Chapter 10 in English, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede:
    "The same logs, and an engine in which a refusal says only no. The leader goes back one " +
    "entry at a time, as in the paper's first version of the rule.",
  beats: [
    ["Apart", "{old} goes on taking requests, and appends them. None of them can be committed."],
    ["Elsewhere", "Meanwhile {leader} leads term {term}, and its log goes another way."],
    ["Do we agree?", "The wall is gone. {leader} asks whether {old} holds the end of its log."],
    ["No", "{old} rejects, and {leader} learns nothing from it but that."],
    ["Cut back", "After {trips} questions they have found the place. {old} cuts off its tail."],
    ["The same again", "In the end nothing is wrong. It only took longer."],
  ],
  checks: [
    "Round trips until the logs agreed: {trips}",
    "Committed entries that were erased: {erased}",
  ],
};
