// @ts-check
// Chapter 7 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "Two timers run out almost together. Two candidates of the same term ask, each gets some " +
    "of the votes, and nobody gets enough.",
  beats: [
    [
      "Two at once",
      "{first} and {second} are both candidates in term {term}. Each has voted for itself.",
    ],
    [
      "No majority",
      "The votes are shared between them, and each member has only one. Term {term} will " +
        "have no leader.",
    ],
    ["New timers", "Both wait again, and each draws a new length. {again} ends first this time."],
    ["A leader", "{leader} leads term {last}. A term was lost; no harm was done."],
  ],
  ask: {
    question: "What decides who wins the second time?",
    options: ["The lower number", "Chance", "The longer log"],
    why: "Chance: the next timers are random again. That is all, and it is enough.",
  },
  checks: ["Leaders in term {term}: {leaders}", "No member voted twice"],
};
