// @ts-check
// What may come after each role, in English.

export default {
  nextF: "It becomes a pre-candidate when its timer runs out.",
  nextP:
    "It becomes a candidate when a majority would vote for it, and follows when a leader speaks.",
  nextC:
    "It leads with the votes of a majority, and follows when it hears of a leader or a newer term.",
  nextL: "It steps down when it hears of a newer term, or no longer hears a majority.",
  nextX: "Its log, its term and its vote are on its disk. It follows when it is started.",
  cameFrom: "At {t} ms: {from} → {to}.",
};
