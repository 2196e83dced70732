// @ts-check
// Chapter 3 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "Each member is a follower (thin ring), a candidate (dashed ring) or the leader (filled, " +
    "with a crown). Choose a member to see what may come next for it.",
  beats: [
    [
      "All follow",
      "At first everybody follows, and nobody leads. A follower only answers; it asks for " +
        "nothing.",
    ],
    [
      "One asks",
      "{first} has heard from no leader for too long. Before it disturbs anybody, it asks " +
        "whether it could win: the pre-vote.",
    ],
    [
      "A candidate",
      "A majority would vote for it. {first} begins term {term}, votes for itself and asks " +
        "for votes.",
    ],
    [
      "A leader",
      "With the votes of a majority {leader} leads term {term}. It says so at once, and goes " +
        "on saying so.",
    ],
    [
      "The others follow",
      "They hear the new leader and reset their timers. From here on, only silence can " +
        "change a role.",
    ],
  ],
  ask: {
    question: "Can a follower become leader without being a candidate first?",
    options: ["Yes", "No"],
    why: "No: nobody leads without the votes of a majority, and only candidates are voted for.",
  },
  checks: [
    "Each of the {moves} changes of role follows the arrows",
    "Every change has its cause in the table of events",
  ],
};
