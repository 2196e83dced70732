// @ts-check
// The story in English: how one leader follows another.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  stop: {
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
  },
  split: {
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
  },
};
