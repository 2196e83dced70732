// @ts-check
// Chapter 6 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "The leader's machine dies. Nobody tells the others: they notice by the silence. Then the " +
    "cluster helps itself.",
  beats: [
    ["All is well", "{old} leads term {oldTerm}. Its heartbeats fill the rings."],
    [
      "It is gone",
      "{old} is stopped. What was on its disk stays there; everything else is lost.",
    ],
    ["Silence", "No heartbeat comes. The first ring that runs out is that of {first}."],
    [
      "A new leader",
      "{leader} leads term {term}. It took {down} from the first missed heartbeat to this " +
        "moment.",
    ],
    ["Back again", "{old} starts with what its disk remembers, still in term {oldTerm}."],
    ["It follows", "One message of a newer term is enough: {old} follows {leader}."],
  ],
  ask: {
    question: "How long will the cluster be without a leader?",
    options: ["Not at all", "Some 100 to 400 ms", "Until somebody repairs it"],
    why:
      "About one election timer, and two rounds of messages. Clients wait that long and no " +
      "longer.",
  },
  checks: ["Term {term} is greater than term {oldTerm}", "Without a leader for {down}"],
};
