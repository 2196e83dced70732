// @ts-check
// Chapter 15 in English, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede:
    "The engine as it is, with leases: a leader may answer reads alone for as long as nobody " +
    "else can have been elected. It counts that time by its own clock, and that clock is wrong.",
  beats: [
    ["A slow clock", "From now on the clock of {old} is slow by {permille} ‰. Leases bear 50."],
    ["Cut off", "{old} leads, and is cut off. Its lease goes on."],
    [
      "Somebody else leads",
      "By the clocks of the others enough time has passed: {leader} leads. By its own, {old} " +
        "still has a lease.",
    ],
    ["It moves on", "`x` becomes {after}, and the client is told so."],
    ["The past", "A client asks {old}, which asks nobody, and is told {before}."],
  ],
  checks: ["{old} answered {before} after {after} was acknowledged"],
};
