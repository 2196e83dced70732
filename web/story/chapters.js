// @ts-check
// The chapters: for each a run of the engine, found by search, in which its story comes about by
// itself. A test asks the engine for every one of them, and looks for its beats.

/** @import { Spec } from "../model/link.js" */
/** @import { Trace } from "../model/file.js" */
/** @import { Act, Chapter, Missing, Told } from "./types.js" */
/** @typedef {Chapter["part"]} Part */

/**
 * What finds the beats of a chapter, by its id; fetched with the first chapter of a part.
 * @type {Record<Part, () => Promise<Record<string, (trace: Trace) => Told>>>}
 */
const PARTS = {
  writes: () => import("./writes.js"),
  elections: () => import("./elections.js"),
  votes: () => import("./votes.js"),
  terms: () => import("./terms.js"),
  logs: () => import("./logs.js"),
  lives: () => import("./lives.js"),
};

/** @type {readonly Chapter[]} */
export const CHAPTERS = [
  chapter("writes", "one", [0, 4], ["write"],
    run("one", 1, 600, "400put:n1:x:8"),
  ),
  chapter("writes", "many", [2, 3], [],
    run("apart", 1, 600),
  ),
  chapter("elections", "states", [1, 4], ["stop", "start"],
    run("five", 5, 600),
    { extra: () => import("./states.js") },
  ),
  chapter("elections", "timers", [0, 3], ["stop", "start"],
    run("five", 5, 800),
    { extra: () => import("./timing.js") },
  ),
  chapter("votes", "election", [1, 3], ["stop", "start"],
    run("five", 5, 500),
  ),
  chapter("terms", "stop", [1, 3], ["stop", "start"],
    run("five", 5, 1500, "500stop:lead 1100start:n2"),
  ),
  chapter("terms", "split", [1, 3], [],
    run("four", 45, 1200),
    { extra: () => import("./odds.js") },
  ),
  chapter("writes", "replicate", [1, 3], ["write", "stop"],
    run("five", 5, 800, "400disk:n5:90 450put:lead:x:5"),
  ),
  chapter("logs", "partition", [1, 5], ["cut", "heal", "write"],
    run("five", 37, 1500, `
      350put:n1:x:5 450cut:n1.n2-n3.n4.n5 520put:n1:x:3:c2 771put:n3:x:8:c3 941heal
    `),
  ),
  chapter("logs", "repair", [1, 5], ["cut", "heal", "write"],
    run("five", 5, 1600, `
      350put:n2:x:1 450cut:n2 460put:n2:x:2:c2 480put:n2:x:3:c3 940put:n3:x:7:c5 960put:n3:x:8:c6
      1060stop:n3 1330heal
    `),
  ),
  chapter("logs", "mayLead", [1, 5], ["stop", "start", "write"],
    run("five", 5, 2000, "400cut:n3 450put:n2:x:5 900heal:n3 905stop:n2"),
    {
      without: [
        missing("stale_vote", "staleVote"),
        missing("old_term_commit", "oldTermCommit"),
      ],
    },
  ),
  chapter("lives", "disk", [1, 2], ["stop", "start", "write"],
    run("three", 2, 1400, `
      400put:lead:x:5 600power:n3 650put:lead:x:6:c2 900start:n3
    `),
    { without: [missing("lying_disk", "lyingDisk")] },
  ),
  chapter("lives", "snapshots", [1, 4], ["stop", "start", "write"],
    run("compact", 2, 2000, `
      400put:lead:x:5 500stop:n2 600put:lead:a:0 640put:lead:b:1 680put:lead:c:2 720put:lead:d:3
      760put:lead:e:4 800put:lead:f:5 840put:lead:a:6 880put:lead:b:7 920put:lead:c:8
      960put:lead:d:9 1000put:lead:e:10 1040put:lead:f:11 1120snap:lead 1200start:n2
      1450put:lead:x:9:c2
    `),
  ),
  chapter("lives", "members", [1, 3], ["stop", "start"],
    run("three", 2, 1600, "400put:lead:x:5 500learn:n4 900promote:n4"),
    { without: [missing("one_jump", "oneJump")] },
  ),
  chapter("lives", "reads", [1, 4], ["read", "write", "heal"],
    run("five", 5, 1300, `
      350put:n2:x:5 450cut:n2 929put:n3:x:8:c2 1019get:n2:x:local:c3 1059get:n2:x:c4
      1189get:n3:x:c5
    `),
  ),
  chapter("lives", "break", [1, 2], [],
    run("five", 5, 4000, `
      400put:lead:x:1 500power:n2 700put:lead:x:2:c2 900cut:f1 1000put:lead:x:3 1100start:n2
      1150late:lead~f2:AE:90 1200pause:lead 1500put:lead:x:4:c2 1700resume:n2 1750heal
      1800disk:f1:60 1850twice:lead~f1:AE 1900put:lead:x:5 2000cut:f1~f2.f3 2100drop:lead~f3:AE
      2150put:lead:x:6:c2 2300stop:lead 2700heal 2800resume:n1 2800resume:n2 2800resume:n3
      2800resume:n4 2800resume:n5 2900start:n1 2900start:n2 2900start:n3 2900start:n4 2900start:n5
      3200put:lead:x:7
    `),
  ),
];

/**
 * @param {Part} part
 * @param {string} id
 * @param {[right: number, reveals: number]} answer
 * @param {Act[]} acts
 * @param {Spec} spec
 * @param {Partial<Pick<Chapter, "extra" | "without">>} [more]
 * @returns {Chapter}
 */
function chapter(part, id, [right, reveals], acts, spec, more = {}) {
  const teller = async () => (await PARTS[part]())[id];
  return { id, part, spec, right, reveals, acts, teller, without: [], ...more };
}

/**
 * A recorded run, which nobody can act in.
 * @param {string} name
 * @param {keyof typeof import("./missing.js")} teller
 * @returns {Missing}
 */
function missing(name, teller) {
  const spec = { scenario: "", seed: 0, actions: "", until: 0, recorded: name };
  return { name, spec, teller: async () => (await import("./missing.js"))[teller] };
}

/**
 * @param {string} scenario
 * @param {number} seed
 * @param {number} until
 * @param {string} [acts] what is done, with spaces between: docs/scenarios.md
 * @returns {Spec}
 */
function run(scenario, seed, until, acts = "") {
  return { scenario, seed, actions: acts.trim().split(/\s+/).join(","), until };
}
