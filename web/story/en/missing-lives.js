// @ts-check
// The story in English: what happens when a rule is missing.

/** @import { Harm } from "../types.js" */

/** @type {Record<string, Harm>} */
export default {
  lying_disk: {
    lede:
      "The same engine on a disk that says `written` before it has written. Nothing goes " +
      "wrong until the power does.",
    beats: [
      [
        "Acknowledged",
        "Two of three say that they have `{cmd}` on their disks. The client is told so, after " +
          "{acked}.",
      ],
      ["Power loss", "Both lose their power. What the disks had only promised is gone."],
      [
        "One forgot",
        "{first} starts again without the entry that it had acknowledged. So much for the " +
          "majority.",
      ],
      [
        "A leader without it",
        "{leader}, which never had the entry, gets the vote of {first} and leads term {term}.",
      ],
      ["The last copy", "{last} alone still holds `{cmd}`. It follows, and cuts it off."],
      ["Asked again", "A client reads what was acknowledged, and is told that nothing is there."],
    ],
    checks: [
      "`{cmd}` was acknowledged, and in the end no member holds it",
      "The linearizable read found nothing",
    ],
  },
  one_jump: {
    lede:
      "An engine that goes from three members to five at once, without a joint list on the " +
      "way. For a while some count by the old list, others by the new one.",
    beats: [
      ["Three members", "{old} leads. A majority of three is two."],
      [
        "The jump",
        "{old}, cut off from the two others, adds two members. It counts by the new list as " +
          "soon as it has appended it.",
      ],
      [
        "Three of five",
        "The new ones get the list. With {old} they are a majority of five; the two others " +
          "have heard nothing.",
      ],
      [
        "A leader by the old list",
        "{first} leads term {term} with two votes of three: a majority, as far as it knows.",
      ],
      [
        "A leader by the new list",
        "{second} leads term {term} too, with three votes of five. Both are right by their " +
          "lists, and there are two truths.",
      ],
    ],
    checks: ["Leaders in term {term}: {count}"],
  },
};
