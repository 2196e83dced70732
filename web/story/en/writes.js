// @ts-check
// The story in English: how a write becomes the truth.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  one: {
    lede:
      "A single machine keeps a value. Whoever asks it gets one answer, and there is nobody to " +
      "disagree with. Everything that follows is the price of surviving its loss.",
    beats: [
      [
        "It elects itself",
        "A cluster of one still elects its leader: {leader} votes for itself, and one vote of " +
          "one is a majority.",
      ],
      ["A client writes", "The client asks {leader} to set `x` to `8`, and waits."],
      [
        "The log comes first",
        "Before anything changes, the request is appended to the log. The dashed cell is not " +
          "yet decided.",
      ],
      [
        "Committed",
        "The entry is on the disk of a majority, which here is one disk. The cell becomes " +
          "solid; it will never change again.",
      ],
      [
        "Answered",
        "Only now is the value applied, and only then does the client hear that it was.",
      ],
    ],
    ask: {
      question: "If this machine burns down after the answer, what is left of `x = 8`?",
      options: ["Nothing", "The value", "The log"],
      why: "Nothing is left: the promise was kept on one disk. The next chapters use several.",
    },
    checks: [
      "The node holds {value}, as it was sent",
      "The answer came {after} after the entry was committed, not before",
    ],
  },
  many: {
    lede:
      "Three machines, and no agreement between them: each decides alone, and believes whoever " +
      "asks it. Two clients want to set the same value.",
    beats: [
      [
        "Each for itself",
        "Nobody talks to anybody. Each machine elects itself, and is sure of itself.",
      ],
      [
        "Two clients",
        "One client asks {first} for `{firstCmd}`, the other asks {second} for `{secondCmd}`. " +
          "Nobody else hears of it.",
      ],
      [
        "Every write is acknowledged",
        "Each machine did what it was asked, and each client was told so.",
      ],
      [
        "Which is true?",
        "Ask three machines, and get different answers. They will never find together again: " +
          "disagreements, {disagreements}.",
      ],
    ],
    ask: {
      question: "Which value of `x` is the right one?",
      options: ["The first", "The one that more have", "Nobody can say"],
      why:
        "Nobody can say: every machine kept its promise, and the promises contradict. A protocol " +
        "has to see to it that only one of them is ever made.",
    },
    checks: [
      "Disagreements between the copies: {disagreements}",
      "All {answers} writes were acknowledged, each by one machine alone",
    ],
  },
  replicate: {
    lede:
      "A write becomes an entry in the leader's log, and travels to the followers. When a " +
      "majority has it on disk it is committed; a dashed cell turns solid.",
    beats: [
      ["The request", "A client asks for `{cmd}`. {leader} appends it and sends it on."],
      [
        "A follower has it",
        "{follower} holds the entry on its disk, and says so with a hollow circle and a tick.",
      ],
      ["Committed", "A majority holds it: {leader} commits. The followers do not know that yet."],
      ["Answered", "The client hears now, although not all have heard."],
      [
        "The mark moves on",
        "The next message carries the commit index; the black bar of {later} moves one message " +
          "later.",
      ],
    ],
    ask: {
      question: "One follower is slow. How long does the client wait?",
      options: ["For the slow one", "For the fastest majority", "For nobody"],
      why: "For the fastest majority, the leader among them. A minority may be slow.",
    },
    checks: [
      "When the client was answered, {held} of {members} held the entry",
      "The last member had it {late} later",
    ],
  },
};
