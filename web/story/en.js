// @ts-check
// The story in English. `{names}` are filled in from the run that is shown: nothing here knows who
// will lead.

/** @import { Telling } from "./types.js" */

/** @type {Record<string, Telling>} */
export default {
  one: {
    title: "One node is easy",
    lede:
      "A single machine keeps a value. Whoever asks it gets one answer, and there is nobody to " +
      "disagree with. Everything that follows is the price of surviving its loss.",
    beats: [
      [
        "It elects itself",
        "A cluster of one still elects its leader: {leader} votes for itself, and one vote of " +
          "one is a majority.",
      ],
      ["A client writes", "The client asks {leader} to set `x` to `8`, and waits."],
      [
        "The log comes first",
        "Before anything changes, the request is appended to the log. The dashed cell is not " +
          "yet decided.",
      ],
      [
        "Committed",
        "The entry is on the disk of a majority, which here is one disk. The cell becomes " +
          "solid; it will never change again.",
      ],
      [
        "Answered",
        "Only now is the value applied, and only then does the client hear that it was.",
      ],
    ],
    ask: {
      question: "If this machine burns down after the answer, what is left of `x = 8`?",
      options: ["Nothing", "The value", "The log"],
      why: "Nothing is left: the promise was kept on one disk. The next chapters use several.",
    },
    checks: [
      "The node holds {value}, as it was sent",
      "The answer came {after} after the entry was committed, not before",
    ],
  },
  many: {
    title: "Many nodes, one answer",
    lede:
      "Three machines, and no agreement between them: each decides alone, and believes whoever " +
      "asks it. Two clients want to set the same value.",
    beats: [
      [
        "Each for itself",
        "Nobody talks to anybody. Each machine elects itself, and is sure of itself.",
      ],
      [
        "Two clients",
        "One client asks {first} for `{firstCmd}`, the other asks {second} for `{secondCmd}`. " +
          "Nobody else hears of it.",
      ],
      [
        "Every write is acknowledged",
        "Each machine did what it was asked, and each client was told so.",
      ],
      [
        "Which is true?",
        "Ask three machines, and get different answers. They will never find together again: " +
          "disagreements, {disagreements}.",
      ],
    ],
    ask: {
      question: "Which value of `x` is the right one?",
      options: ["The first", "The one that more have", "Nobody can say"],
      why:
        "Nobody can say: every machine kept its promise, and the promises contradict. A protocol " +
        "has to see to it that only one of them is ever made.",
    },
    checks: [
      "Disagreements between the copies: {disagreements}",
      "All {answers} writes were acknowledged, each by one machine alone",
    ],
  },
  states: {
    title: "Three states",
    lede:
      "Each member is a follower (thin ring), a candidate (dashed ring) or the leader (filled, " +
      "with a crown). Choose a member to see what may come next for it.",
    beats: [
      [
        "All follow",
        "At first everybody follows, and nobody leads. A follower only answers; it asks for " +
          "nothing.",
      ],
      [
        "One asks",
        "{first} has heard from no leader for too long. Before it disturbs anybody, it asks " +
          "whether it could win: the pre-vote.",
      ],
      [
        "A candidate",
        "A majority would vote for it. {first} begins term {term}, votes for itself and asks " +
          "for votes.",
      ],
      [
        "A leader",
        "With the votes of a majority {leader} leads term {term}. It says so at once, and goes " +
          "on saying so.",
      ],
      [
        "The others follow",
        "They hear the new leader and reset their timers. From here on, only silence can " +
          "change a role.",
      ],
    ],
    ask: {
      question: "Can a follower become leader without being a candidate first?",
      options: ["Yes", "No"],
      why: "No: nobody leads without the votes of a majority, and only candidates are voted for.",
    },
    checks: [
      "Each of the {moves} changes of role follows the arrows",
      "Every change has its cause in the table of events",
    ],
  },
  timers: {
    title: "Two timers",
    lede:
      "There are two clocks in Raft. Each follower's election timer, the ring around it, runs " +
      "for a random 150 to 300 ms. The leader's heartbeat beats every 50 ms and sets the others " +
      "back to full.",
    beats: [
      [
        "The first runs out",
        "The rings have different lengths, so one ends first. {first} stops waiting exactly " +
          "when its ring is empty.",
      ],
      [
        "A leader",
        "The others still had time left, so nobody stands in its way, and {leader} leads.",
      ],
      [
        "The heartbeat",
        "A dot leaves for every follower. When it arrives, the ring is full again.",
      ],
      [
        "Again and again",
        "As long as the dots come, no ring runs out. The leader itself has no ring: it waits " +
          "for nobody.",
      ],
    ],
    ask: {
      question: "Why are the election timers random?",
      options: ["So that one ends first", "To spread the load", "For security"],
      why: "If all ended together, all would ask for votes together, and nobody would win.",
    },
    checks: [
      "The ring of {first} ended {off} before it acted: within one tick",
      "The longest silence a follower then heard was {silence}, less than 150 ms",
    ],
  },
  election: {
    title: "Winning an election",
    lede:
      "Step through this election event by event. Diamonds are votes: full ones ask, hollow ones " +
      "answer. The five dots below the candidate are the votes that it has.",
    beats: [
      [
        "Could I win?",
        "{first} asks first without binding anyone. A yes costs nothing; the term is still " +
          "{before}.",
      ],
      [
        "A new term",
        "A majority said yes. {first} begins term {term} and gives its own vote to itself.",
      ],
      [
        "One vote each",
        "{voter} grants its vote, and writes that down on its disk before it answers: in term " +
          "{term} it can vote for nobody else.",
      ],
      [
        "Three of five",
        "With the third vote {leader} has a majority. It does not wait for the others.",
      ],
      [
        "It says so",
        "The first message of the leader carries an entry of its own term, without content. " +
          "Why it needs one is chapter 11's matter.",
      ],
    ],
    ask: {
      question: "With five members, how many votes make a leader?",
      options: ["2", "3", "5"],
      why: "Three: any two majorities of five share a member, and it votes once in a term.",
    },
    checks: [
      "{leader} led with vote {votes} of 5, not before",
      "No member voted twice in term {term}",
    ],
  },
  stop: {
    title: "Stop the leader",
    lede:
      "The leader's machine dies. Nobody tells the others: they notice by the silence. Then the " +
      "cluster helps itself.",
    beats: [
      ["All is well", "{old} leads term {oldTerm}. Its heartbeats fill the rings."],
      [
        "It is gone",
        "{old} is stopped. What was on its disk stays there; everything else is lost.",
      ],
      ["Silence", "No heartbeat comes. The first ring that runs out is that of {first}."],
      [
        "A new leader",
        "{leader} leads term {term}. It took {down} from the first missed heartbeat to this " +
          "moment.",
      ],
      ["Back again", "{old} starts with what its disk remembers, still in term {oldTerm}."],
      ["It follows", "One message of a newer term is enough: {old} follows {leader}."],
    ],
    ask: {
      question: "How long will the cluster be without a leader?",
      options: ["Not at all", "Some 100 to 400 ms", "Until somebody repairs it"],
      why:
        "About one election timer, and two rounds of messages. Clients wait that long and no " +
        "longer.",
    },
    checks: ["Term {term} is greater than term {oldTerm}", "Without a leader for {down}"],
  },
  split: {
    title: "Split vote",
    lede:
      "Two timers run out almost together. Two candidates of the same term ask, each gets some " +
      "of the votes, and nobody gets enough.",
    beats: [
      [
        "Two at once",
        "{first} and {second} are both candidates in term {term}. Each has voted for itself.",
      ],
      [
        "No majority",
        "The votes are shared between them, and each member has only one. Term {term} will " +
          "have no leader.",
      ],
      ["New timers", "Both wait again, and each draws a new length. {again} ends first this time."],
      ["A leader", "{leader} leads term {last}. A term was lost; no harm was done."],
    ],
    ask: {
      question: "What decides who wins the second time?",
      options: ["The lower number", "Chance", "The longer log"],
      why: "Chance: the next timers are random again. That is all, and it is enough.",
    },
    checks: ["Leaders in term {term}: {leaders}", "No member voted twice"],
  },
  replicate: {
    title: "Log replication",
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
  },
  partition: {
    title: "Two leaders, one truth",
    lede:
      "The network will split in two. On each side there will be a leader, and to each a client " +
      "will write. Only one of the writes can win.",
    beats: [
      [
        "The network splits",
        "A wall stands between {minority} and the others. {old} still believes that it leads " +
          "term {oldTerm}, but it reaches only a minority.",
      ],
      [
        "A write to the old one",
        "A client writes `{lostCmd}` to {old}. It is appended, but never held by a majority: " +
          "the cell stays dashed, the client waits.",
      ],
      [
        "A second leader",
        "On the other side a majority hears no heartbeat, and elects {leader} for term {term}.",
      ],
      [
        "A write to the new one",
        "Another client writes `{keptCmd}` to {leader}. A majority has it, so it is committed " +
          "and acknowledged.",
      ],
      ["The wall falls", "The messages get through again. {leader} speaks with the newer term."],
      [
        "One truth",
        "{old} follows, and drops the entry that was never committed. The log of {leader} " +
          "takes its place.",
      ],
    ],
    ask: {
      question: "Which write will still exist after the network heals?",
      options: ["Old leader's", "New leader's", "Both"],
      why: "The one that a majority held. The other was never acknowledged, so nobody was lied to.",
    },
    checks: [
      "The commit mark of {old} did not move while it was cut off",
      "The acknowledged write is in all {members} logs",
    ],
  },
  repair: {
    title: "Log repair",
    lede:
      "A leader that was cut off has collected entries which nobody else has. When it comes " +
      "back, its log must become that of the new leader, and nothing committed may be lost on " +
      "the way.",
    beats: [
      ["Apart", "{old} goes on taking requests, and appends them. None of them can be committed."],
      ["Elsewhere", "Meanwhile {leader} leads term {term}, and its log goes another way."],
      [
        "Do we agree?",
        "The wall is gone. {leader} sends entries that follow a position which {old} does not " +
          "hold.",
      ],
      [
        "No",
        "{old} rejects them, and says where the two logs may still agree: a hint that skips a " +
          "whole term at once.",
      ],
      ["Cut back", "{old} removes the tail that contradicts, and appends what it was sent."],
      ["The same again", "One answer later the leader knows that both logs are equal."],
    ],
    ask: {
      question:
        "Ten entries contradict. How many messages does it take to find the place where they part?",
      options: ["One each: ten", "One or two", "All are compared"],
      why: "One or two: both sides name terms, not entries, and go back a whole term at a time.",
    },
    checks: [
      "Round trips until the logs agreed: {trips}",
      "Committed entries that were erased: {erased}",
    ],
  },
  mayLead: {
    title: "Who may lead",
    lede:
      "Not everybody may lead. Whoever misses a committed entry would erase it, so a member " +
      "votes only for a log that is at least as long as its own, by the term of its last entry " +
      "first.",
    beats: [
      [
        "Left behind",
        "{stale} is cut off, and misses what is written now. It does not know what it does not " +
          "know.",
      ],
      ["Committed without it", "The others are a majority. `{cmd}` is committed."],
      [
        "The term stands still",
        "{stale} asks in vain whether it could win. Without a yes it begins no term, so that " +
          "it will disturb nobody when it returns.",
      ],
      [
        "The leader dies",
        "The wall is gone, but the leader too. {stale} is there again, and may try.",
      ],
      ["Refused", "{voter} holds the entry that {stale} lacks. Its answer is no."],
      [
        "The right one",
        "{leader} leads, and holds every committed entry. {stale} gets what it missed.",
      ],
    ],
    ask: {
      question:
        "A member with the longest timer but the best log, or the first to ask with a stale " +
        "log: who leads?",
      options: ["The first to ask", "The best log", "Either"],
      why: "The best log: a majority refuses the stale one, however early it asks.",
    },
    checks: [
      "{stale} never led while it lacked the entry",
      "The term of {stale} grew by {grown} while it was alone",
    ],
  },
  disk: {
    title: "Crash and disk",
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
    title: "Snapshots",
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
    title: "Changing the members",
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
    title: "Reads and the past",
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
    title: "Your turn",
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
