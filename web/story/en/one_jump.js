// @ts-check
// Chapter 14 in English, without a rule.

/** @type {import("../types.js").Harm} */
export default {
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
};
