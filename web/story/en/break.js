// @ts-check
// Chapter 16 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "Everything at once: crashes, cut links, lost and doubled messages, slow disks, drawn from " +
    "a seed. The rules on the right are checked on every record. Take over in the playground, " +
    "and try to break one.",
  beats: [
    ["Something fails", "The first fault comes. Many more will follow."],
    ["They elect", "{leader} leads term {term}, and not for long."],
    ["It ends well", "The faults end. All members have the same log and the same values."],
  ],
  ask: {
    question: "Can you make two members disagree about a committed entry?",
    options: ["I will try", "No"],
    why: "If you can, it is a bug, and the link to this moment is the report.",
  },
  checks: ["Rules checked {checks} times, broken {broken} times"],
};
