// @ts-check
// The story in English: whose log counts.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  partition: {
    lede:
      "The network will split in two. On each side there will be a leader, and to each a client " +
      "will write. Only one of the writes can win.",
    beats: [
      [
        "The network splits",
        "A wall stands between {minority} and the others. {old} still believes that it leads " +
          "term {oldTerm}, but it reaches only a minority.",
      ],
      [
        "A write to the old one",
        "A client writes `{lostCmd}` to {old}. It is appended, but never held by a majority: " +
          "the cell stays dashed, the client waits.",
      ],
      [
        "A second leader",
        "On the other side a majority hears no heartbeat, and elects {leader} for term {term}.",
      ],
      [
        "A write to the new one",
        "Another client writes `{keptCmd}` to {leader}. A majority has it, so it is committed " +
          "and acknowledged.",
      ],
      ["The wall falls", "The messages get through again. {leader} speaks with the newer term."],
      [
        "One truth",
        "{old} follows, and drops the entry that was never committed. The log of {leader} " +
          "takes its place.",
      ],
    ],
    ask: {
      question: "Which write will still exist after the network heals?",
      options: ["Old leader's", "New leader's", "Both"],
      why: "The one that a majority held. The other was never acknowledged, so nobody was lied to.",
    },
    checks: [
      "The commit mark of {old} did not move while it was cut off",
      "The acknowledged write is in all {members} logs",
    ],
  },
  repair: {
    lede:
      "A leader that was cut off has collected entries which nobody else has. When it comes " +
      "back, its log must become that of the new leader, and nothing committed may be lost on " +
      "the way.",
    beats: [
      ["Apart", "{old} goes on taking requests, and appends them. None of them can be committed."],
      ["Elsewhere", "Meanwhile {leader} leads term {term}, and its log goes another way."],
      [
        "Do we agree?",
        "The wall is gone. {leader} sends entries that follow a position which {old} does not " +
          "hold.",
      ],
      [
        "No",
        "{old} rejects them, and says where the two logs may still agree: a hint that skips a " +
          "whole term at once.",
      ],
      ["Cut back", "{old} removes the tail that contradicts, and appends what it was sent."],
      ["The same again", "One answer later the leader knows that both logs are equal."],
    ],
    ask: {
      question:
        "Ten entries contradict. How many messages does it take to find the place where they part?",
      options: ["One each: ten", "One or two", "All are compared"],
      why: "One or two: both sides name terms, not entries, and go back a whole term at a time.",
    },
    checks: [
      "Round trips until the logs agreed: {trips}",
      "Committed entries that were erased: {erased}",
    ],
  },
  mayLead: {
    lede:
      "Not everybody may lead. Whoever misses a committed entry would erase it, so a member " +
      "votes only for a log that is at least as long as its own, by the term of its last entry " +
      "first.",
    beats: [
      [
        "Left behind",
        "{stale} is cut off, and misses what is written now. It does not know what it does not " +
          "know.",
      ],
      ["Committed without it", "The others are a majority. `{cmd}` is committed."],
      [
        "The term stands still",
        "{stale} asks in vain whether it could win. Without a yes it begins no term, so that " +
          "it will disturb nobody when it returns.",
      ],
      [
        "The leader dies",
        "The wall is gone, but the leader too. {stale} is there again, and may try.",
      ],
      ["Refused", "{voter} holds the entry that {stale} lacks. Its answer is no."],
      [
        "The right one",
        "{leader} leads, and holds every committed entry. {stale} gets what it missed.",
      ],
    ],
    ask: {
      question:
        "A member with the longest timer but the best log, or the first to ask with a stale " +
        "log: who leads?",
      options: ["The first to ask", "The best log", "Either"],
      why: "The best log: a majority refuses the stale one, however early it asks.",
    },
    checks: [
      "{stale} never led while it lacked the entry",
      "The term of {stale} grew by {grown} while it was alone",
    ],
  },
};
