// @ts-check
// Chapter 13 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "A log that only grows fills any disk. So each member now and then keeps the state itself, " +
    "and drops the log before it: the stack of cells to the left of the log.",
  beats: [
    [
      "Writes go on",
      "The log grows with each of them, and so does the time that a restart would take.",
    ],
    ["Left behind", "{behind} is gone for a while. The others do not wait for it."],
    [
      "The log is cut short",
      "{leader} keeps a snapshot and no longer holds the entries that {behind} lacks.",
    ],
    [
      "In pieces",
      "So it sends the snapshot itself, piece by piece. Each piece says where the next begins.",
    ],
    [
      "And then the rest",
      "{behind} put the snapshot, which ends at index {index}, in the place of its log, and " +
        "goes on with ordinary entries.",
    ],
  ],
  ask: {
    question: "What must be the same before and after the log is folded into a snapshot?",
    options: ["The log", "The state", "The term"],
    why: "The state: the same values at the same index. How one got there may be forgotten.",
  },
  checks: [
    "In the end {behind} has applied up to {applied}, as {leader} has",
    "Its commit index never went back",
  ],
};
