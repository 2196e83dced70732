// @ts-check
// The story in English: roles and timers.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  states: {
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
  },
  timers: {
    lede:
      "There are two clocks in Raft. Each follower's election timer, the ring around it, runs " +
      "for a random 150 to 300 ms. The leader's heartbeat beats every 50 ms and sets the others " +
      "back to full.",
    beats: [
      [
        "The first runs out",
        "The rings have different lengths, so one ends first. {first} stops waiting exactly " +
          "when its ring is empty.",
      ],
      [
        "A leader",
        "The others still had time left, so nobody stands in its way, and {leader} leads.",
      ],
      [
        "The heartbeat",
        "A dot leaves for every follower. When it arrives, the ring is full again.",
      ],
      [
        "Again and again",
        "As long as the dots come, no ring runs out. The leader itself has no ring: it waits " +
          "for nobody.",
      ],
    ],
    ask: {
      question: "Why are the election timers random?",
      options: ["So that one ends first", "To spread the load", "For security"],
      why: "If all ended together, all would ask for votes together, and nobody would win.",
    },
    checks: [
      "The ring of {first} ended {off} before it acted: within one tick",
      "The longest silence a follower then heard was {silence}, less than 150 ms",
    ],
  },
};
