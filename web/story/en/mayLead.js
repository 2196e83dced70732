// @ts-check
// Chapter 11 in English.

/** @type {import("../types.js").Telling} */
export default {
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
};
