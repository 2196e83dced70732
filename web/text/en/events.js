// @ts-check
// The words of the events, in English.

export default {
  evElected: "{name} leads term {term}",
  evCandidate: "{name} is a candidate in term {term}",
  evPre: "{name} asks whether it could win",
  evVotes: "{name} votes for {vote} in term {term}",
  evFollows: "{name} follows in term {term}",
  evStopped: "{name} is stopped",
  evPaused: "{name} is paused",
  evResumed: "{name} goes on",
  evStarted: "{name} is started",
  evCommit: "{name} commits up to {ci}",
  evAppend: "{name} appends {entry}",
  evTruncate: "{name} truncates from {from}",
  evGap: "{lost} records of {name} were left out",
  evRequest: "{name} is asked: {cmd}",
  evAnswer: "{name} answers a request",
  evRefuse: "{name} refuses a request",
  evLost: "{name} is gone with a request",
  evCut: "These links are cut: {links}",
  evAct: "Asked for: {what}",
  evActNot: "Could not be done: {what}, {why}",
  evHealed: "The network is whole again",
  evBroken: "A rule is broken: {what}",
};
