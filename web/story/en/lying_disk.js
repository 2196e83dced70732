// @ts-check
// Chapter 12 in English, without a rule.

/** @type {import("../types.js").Harm} */
export default {
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
};
