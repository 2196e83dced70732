// @ts-check
// The story in English: how a leader comes to be.

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
  election: {
    lede:
      "Step through this election event by event. Diamonds are votes: full ones ask, hollow ones " +
      "answer. The five dots below the candidate are the votes that it has.",
    beats: [
      [
        "Could I win?",
        "{first} asks first without binding anyone. A yes costs nothing; the term is still " +
          "{before}.",
      ],
      [
        "A new term",
        "A majority said yes. {first} begins term {term} and gives its own vote to itself.",
      ],
      [
        "One vote each",
        "{voter} grants its vote, and writes that down on its disk before it answers: in term " +
          "{term} it can vote for nobody else.",
      ],
      [
        "Three of five",
        "With the third vote {leader} has a majority. It does not wait for the others.",
      ],
      [
        "It says so",
        "The first message of the leader carries an entry of its own term, without content. " +
          "Why it needs one is chapter 11's matter.",
      ],
    ],
    ask: {
      question: "With five members, how many votes make a leader?",
      options: ["2", "3", "5"],
      why: "Three: any two majorities of five share a member, and it votes once in a term.",
    },
    checks: [
      "{leader} led with vote {votes} of 5, not before",
      "No member voted twice in term {term}",
    ],
  },
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
