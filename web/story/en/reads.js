// @ts-check
// Chapter 15 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "A read changes nothing, so could any member answer it? One that was cut off does not know " +
    "what it has missed, and would answer with the past.",
  beats: [
    ["Cut off", "{old} leads, and is cut off. `x` is {before} everywhere."],
    ["It moves on", "{leader} leads the others now, and `x` becomes {after} there."],
    [
      "A local read",
      "Whoever asks {old} for what it has, right or not, is told {local}: the past.",
    ],
    [
      "A linearizable read",
      "Another client wants the truth from {old}. It would have to ask a majority whether it " +
        "still leads; none answers, and it knows no leader whom it could ask.",
    ],
    ["No answer", "So it does not answer: no answer is better than a wrong one."],
    [
      "The same at the new one",
      "{leader} asks too, with heartbeats. A majority confirms that nothing newer was " +
        "decided, and the client is told {after}.",
    ],
    [
      "It arrives twice",
      "The wall is gone. A client asks {via} for `{cmd}`, which hands it to the leader, and the " +
        "network delivers that twice.",
    ],
    [
      "Once is enough",
      "The forward has a number, so {leader} knows it again. It is appended once, and answered.",
    ],
  ],
  ask: {
    question: "What should {old} answer to somebody who wants the truth?",
    options: ["What it has", "Nothing, for now", "An error, at once"],
    why:
      "Nothing, for now: it cannot know. Only a majority can confirm that nothing newer was " +
      "decided.",
  },
  checks: [
    "Who asked for a local read was told {local}, after `x` had become {after}",
    "Linearizable reads that were told the past: {stale}",
    "The reader at {leader} was told {after}",
    "`{cmd}` arrived twice; times that it is in the log: {copies}",
  ],
};
