// @ts-check
// Chapter 4 in English.

/** @type {import("../types.js").Telling} */
export default {
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
};
