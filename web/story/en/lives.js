// @ts-check
// The story in English: what a cluster lives through.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  disk: {
    lede:
      "A member that forgets its vote could vote twice; one that forgets an entry breaks its " +
      "promise. So term, vote and log go to the disk first, and only then does the answer leave.",
    beats: [
      [
        "A vote is a promise",
        "{voter} voted in term {term}. Before the vote left, it was on the disk.",
      ],
      [
        "Power loss",
        "{voter} is gone in the middle of its work. What was not yet on the disk is lost, and " +
          "was promised to nobody.",
      ],
      [
        "What the disk remembers",
        "It starts again: same term, same vote, same log. It cannot vote a second time in term " +
          "{term}.",
      ],
      ["Caught up", "The leader sends what it missed. Nobody else noticed much."],
    ],
    ask: {
      question: "When may a member say that it holds an entry?",
      options: ["When it has it in memory", "When it is on its disk", "When the leader asks"],
      why: "When the disk has said so. A promise must outlive a loss of power.",
    },
    checks: [
      "After the restart: term {term}, vote {vote}, {entries} entries, as before",
      "What was acknowledged is still there",
    ],
  },
  snapshots: {
    lede:
      "A log that only grows fills any disk. So each member now and then keeps the state itself, " +
      "and drops the log before it: the stack of cells to the left of the log.",
    beats: [
      [
        "Writes go on",
        "The log grows with each of them, and so does the time that a restart would take.",
      ],
      ["Left behind", "{behind} is gone for a while. The others do not wait for it."],
      [
        "The log is cut short",
        "{leader} keeps a snapshot and no longer holds the entries that {behind} lacks.",
      ],
      [
        "In pieces",
        "So it sends the snapshot itself, piece by piece. Each piece says where the next begins.",
      ],
      [
        "And then the rest",
        "{behind} put the snapshot, which ends at index {index}, in the place of its log, and " +
          "goes on with ordinary entries.",
      ],
    ],
    ask: {
      question: "What must be the same before and after the log is folded into a snapshot?",
      options: ["The log", "The state", "The term"],
      why: "The state: the same values at the same index. How one got there may be forgotten.",
    },
    checks: [
      "In the end {behind} has applied up to {applied}, as {leader} has",
      "Its commit index never went back",
    ],
  },
  members: {
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
      ["A larger majority", "Now a majority is counted among {members}."],
    ],
    ask: {
      question: "Why not add several members in one jump?",
      options: ["It is slow", "Two majorities could be apart", "The disk could fill up"],
      why:
        "In a jump from three to five, two of the old and three of the new members could each " +
        "elect a leader. One at a time, or through a joint list, any two majorities share a " +
        "member.",
    },
    checks: ["Leaders in each term: at most {most}", "The new member holds the whole log"],
  },
  reads: {
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
    ],
  },
  break: {
    lede:
      "Everything at once: crashes, cut links, lost and doubled messages, slow disks, drawn from " +
      "a seed. The rules on the right are checked on every record. Take over in the playground, " +
      "and try to break one.",
    beats: [
      ["Something fails", "The first fault comes. Many more will follow."],
      ["They elect", "{leader} leads term {term}, and not for long."],
      ["It ends well", "The faults end. All members have the same log and the same values."],
    ],
    ask: {
      question: "Can you make two members disagree about a committed entry?",
      options: ["I will try", "No"],
      why: "If you can, it is a bug, and the link to this moment is the report.",
    },
    checks: ["Rules checked {checks} times, broken {broken} times"],
  },
};
