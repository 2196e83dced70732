// @ts-check
// Chapter 8 in English.

/** @type {import("../types.js").Telling} */
export default {
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
};
