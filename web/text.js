// @ts-check
// Every word on the page. One table per language; the keys are the same in all of them.

const english = {
  title: "Quorate, live",
  skip: "Skip to the cluster",
  brand: "Quorate",
  live: "Live cluster",
  theme: "Switch between light and dark",
  help: "Keyboard help",
  close: "Close",

  connecting: "Connecting",
  connectingLede: "Waiting for the cluster to tell its trace.",
  broken: "Connection lost",
  brokenLede: "This is the last that was known, {age} ago. Trying again.",
  healthy: "Healthy",
  healthyLede: "{leader} leads term {term}. Can lose {spare} of {voters}.",
  degraded: "Degraded",
  degradedLede: "{leader} leads term {term}. {missing}. Can lose {spare} more.",
  brink: "At the limit",
  brinkLede: "{leader} leads term {term}. {missing}. One more loss stops all writes.",
  electing: "Electing",
  electingLede: "No member leads. {up} of {voters} are up, and {quorum} can elect a leader.",
  lost: "No quorum",
  lostLede: "{up} of {voters} members are up and {quorum} are needed. Nothing can be written.",
  areStopped: "{names} stopped",
  arePaused: "{names} paused",
  areSilent: "{names} not heard of",

  hint: "Stop the leader, and see the others elect a new one.",

  offer: "{previous} is gone, {leader} took over",
  offerFirst: "{leader} was elected",
  offerText: "It took {down} from the first missed heartbeat to the new leader. Watch how.",
  offerTextFirst: "The cluster chose its first leader. Watch how.",
  replay: "Replay the election in slow motion",

  write: "Write a value",
  key: "Key",
  value: "Value",
  send: "Write",
  written: "{key} = {value}: revision {revision} by {member} in {ms} ms",
  notWritten: "Not written: {error}",
  unreachable: "the server did not answer",
  failed: "{name}: {error}",

  members: "Members",
  stop: "Stop",
  pause: "Pause",
  resume: "Resume",
  start: "Start",
  actOn: "{act} {name}",
  stopNote: "Stop is kill -9.",

  F: "follower",
  P: "pre-candidate",
  C: "candidate",
  L: "leader",
  X: "stopped",
  paused: "paused",
  unknown: "not heard of yet",
  voted: "voted {name}",
  silent: "last heard {age} ago",
  old: "{role}, {age} ago",
  cluster: "Cluster",
  logEnds: "log ends at {last}, committed up to {ci}",

  legendRule: "Colour = term, shape = kind",
  legendVote: "vote?",
  legendGranted: "vote",
  legendHeartbeat: "heartbeat",
  legendEntries: "entries",
  legendAck: "ack",
  legendTimer: "election timer",
  legendLog: "committed | not yet",

  details: "Details",
  values: "Values",
  valuesNote: "as each member has applied them",
  noValues: "Nothing was written yet.",
  logs: "Logs",
  elections: "Elections",
  noElections: "None since this page was opened.",
  term: "term {term}",
  election: "Replay the election of term {term}",
  noLeader: "{down} without leader",
  first: "first leader",
  seconds: "{n} s",
  millis: "{n} ms",

  diagram: "Messages between members over time",
  diagramLive: "live: messages on the stage are drawn slower than they travel",
  diagramReplay: "not yet replayed",
  events: "Latest events",
  time: "Time",
  member: "Member",
  event: "Event",

  freeze: "Stop the picture and look at the last two seconds",
  play: "Play",
  hold: "Pause the replay",
  back: "Previous event",
  forward: "Next event",
  restart: "From the beginning",
  slower: "Slower",
  faster: "Faster",
  speed: "Speed",
  toLive: "Back to live",
  tape: "Time",
  tapeLive: "The last half minute",
  replayTerm: "Replay: the election of term {term}",
  replayPast: "Replay: two seconds",
  now: "now",
  count: "event {at} / {of}",

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

  helpTitle: "Keys",
  helpSpace: "Play, or stop the picture",
  helpArrows: "Previous and next event",
  helpShift: "Previous and next change of role, commit or fault",
  helpSpeed: "Slower, faster",
  helpEnds: "Begin and end of the replay",
  helpEscape: "Back to live",
  helpReplay: "Replay the last election",
  helpWrite: "Write a value",
  helpMember: "Choose a member",
  helpStop: "Stop or start the chosen member",
  helpTheme: "Light or dark",
};

/** @typedef {keyof typeof english} Word */

/** @type {Record<string, Record<Word, string>>} */
export const languages = { en: english };

let words = languages.en;

/**
 * A text in the reader's language, with its `{names}` filled in.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function say(word, values = {}) {
  return words[word].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** A span of microseconds in words. */
export function duration(/** @type {number} */ micros) {
  return micros < 1_000_000
    ? say("millis", { n: Math.round(micros / 1000) })
    : say("seconds", { n: (micros / 1_000_000).toFixed(micros < 10_000_000 ? 1 : 0) });
}

/** Fills every element that names its text: `data-text` or `data-label`. */
export function fill(/** @type {ParentNode} */ root) {
  for (const element of root.querySelectorAll("[data-text], [data-label]")) {
    const { text, label } = /** @type {HTMLElement} */ (element).dataset;
    if (text) element.textContent = say(/** @type {Word} */ (text));
    if (label) element.setAttribute("aria-label", say(/** @type {Word} */ (label)));
  }
}
