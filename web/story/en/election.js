// @ts-check
// Chapter 5 in English.

/** @type {import("../types.js").Telling} */
export default {
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
};
