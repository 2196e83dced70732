// @ts-check
// Chapter 14 in English.

/** @type {import("../types.js").Telling} */
export default {
  lede:
    "Members come and go while the cluster works. If some already counted by the new list and " +
    "others by the old, there could be two majorities that share nobody.",
  beats: [
    ["Three members", "{leader} leads, and a majority is two."],
    ["A learner", "{joined} joins. At first it only learns: it gets the log and does not count."],
    [
      "It may vote",
      "It has caught up, so it becomes a voter. The list of members is an entry in the log, " +
        "and counts as soon as it is there.",
    ],
    [
      "Two lists at once",
      "{came} shall take the place of {gone}: two steps in one change. Meanwhile both lists " +
        "count, and what is decided needs a majority of each.",
    ],
    [
      "One list again",
      "Both majorities hold the joint list, so {leader} goes on to the new one. {gone} counts " +
        "no more.",
    ],
  ],
  ask: {
    question: "Why not add several members in one jump?",
    options: ["It is slow", "Two majorities could be apart", "The disk could fill up"],
    why:
      "In a jump from three to five, two of the old and three of the new members could each " +
      "elect a leader. One at a time, or through a joint list, any two majorities share a " +
      "member.",
  },
  checks: ["Leaders in each term: at most {most}", "{joined} and {came} hold the whole log"],
};
