// @ts-check
// The words of the inspector, in English.

export default {
  inspectHint: "Choose a member or a message on the stage.",
  wordTerm: "term",
  wordAfter: "after",
  wordLast: "log ends at",
  wordEntries: "entries",
  wordCommit: "commit",
  wordGranted: "granted",
  wordUpTo: "up to",
  wordIndex: "index",
  wordSnapshot: "snapshot of",
  wordBytes: "from byte",
  wordLeaves: "leaves in",
  wordUnderWay: "under way",
  wordDropped: "lost",
  wordArrives: "arrives in",
  wordArrived: "arrived",
  wordAfterTime: "after {time}",
  wordVote: "vote",
  wordLeader: "leader",
  wordCommitted: "committed",
  wordApplied: "applied",
  wordTimer: "timer",
  wordMatched: "{name} holds up to",
  yes: "yes",
  no: "no",
  nextF: "It becomes a pre-candidate when its timer runs out.",
  nextP:
    "It becomes a candidate when a majority would vote for it, and follows when a leader speaks.",
  nextC:
    "It leads with the votes of a majority, and follows when it hears of a leader or a newer term.",
  nextL: "It steps down when it hears of a newer term, or no longer hears a majority.",
  nextX: "Its log, its term and its vote are on its disk. It follows when it is started.",
};
