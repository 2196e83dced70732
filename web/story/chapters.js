// @ts-check
// The chapters: for each a run of the engine, found by search, in which its story comes about by
// itself. A test asks the engine for every one of them, and looks for its beats.

/** @import { Spec } from "../model/link.js" */
/** @import { Act, Chapter, Missing } from "./types.js" */

const SLOW_CLOCK = missing(
  "slow_clock",
  run("lease:400:50:100", 1, 1500, `
    550put:n1:x:5 590skew:n1:900 630cut:n1 1107put:n3:x:8:c2 1205get:n1:x:c3
  `),
);

/** @type {readonly Chapter[]} */
export const CHAPTERS = [
  chapter("one", [0, 4], ["write"],
    run("one", 1, 600, "400put:n1:x:8"),
  ),
  chapter("many", [2, 3], ["writeHere"],
    run("apart", 1, 600),
  ),
  chapter("states", [1, 4], ["stop", "start"],
    run("five", 5, 600),
    { extra: () => import("./states.js") },
  ),
  chapter("timers", [0, 3], ["stop", "start"],
    run("five", 5, 800),
    { extra: () => import("./timing.js") },
  ),
  chapter("election", [1, 3], ["stop", "start"],
    run("five", 5, 500),
  ),
  chapter("stop", [1, 3], ["stop", "start"],
    run("five", 5, 1500, "500stop:lead 1100start:n2"),
  ),
  chapter("split", [1, 3], [],
    run("four", 45, 1200),
    { extra: () => import("./odds.js") },
  ),
  chapter("replicate", [1, 3], ["write", "stop"],
    run("five", 5, 800, "400disk:n5:90 450put:lead:x:5"),
  ),
  chapter("partition", [1, 5], ["cut", "heal", "write"],
    run("five", 37, 1500, `
      350put:n1:x:5 450cut:n1.n2-n3.n4.n5 520put:n1:x:3:c2 771put:n3:x:8:c3 941heal
    `),
  ),
  chapter("repair", [1, 5], ["cut", "heal", "write"],
    run("five", 5, 1900, `
      350put:n2:x:1 450cut:n2 460put:n2:x:2:c2 470put:n2:x:3:c3 480put:n2:x:4:c4 490put:n2:x:5:c5
      500put:n2:x:6:c6 940put:n3:x:11:c7 960put:n3:x:12:c8 980put:n3:x:13:c9 1040put:n3:x:14:c7
      1060put:n3:x:15:c8 1160stop:n3 1449heal
    `),
    { extra: () => import("./trips.js"), without: [missing("no_hint")] },
  ),
  chapter("mayLead", [1, 5], ["stop", "start", "write"],
    run("five", 5, 2000, "400cut:n3 450put:n2:x:5 900heal:n3 905stop:n2"),
    {
      without: [missing("stale_vote"), missing("old_term_commit")],
    },
  ),
  chapter("disk", [1, 2], ["power", "start", "write"],
    run("three", 2, 1400, `
      400put:lead:x:5 600power:n3 650put:lead:x:6:c2 900start:n3
    `),
    { extra: () => import("./disk.js"), without: [missing("lying_disk")] },
  ),
  chapter("snapshots", [1, 4], ["snapshot", "stop", "start", "write"],
    run("compact", 2, 2000, `
      400put:lead:x:5 500stop:n2 600put:lead:a:0 640put:lead:b:1 680put:lead:c:2 720put:lead:d:3
      760put:lead:e:4 800put:lead:f:5 840put:lead:a:6 880put:lead:b:7 920put:lead:c:8
      960put:lead:d:9 1000put:lead:e:10 1040put:lead:f:11 1120snap:lead 1200start:n2
      1450put:lead:x:9:c2
    `),
  ),
  chapter("members", [1, 3], ["stop", "start"],
    run("three", 2, 1700, "400put:lead:x:5 500learn:n4 900promote:n4 1300joint:f1-n5"),
    { extra: () => import("./lists.js"), without: [missing("one_jump")] },
  ),
  chapter("reads", [1, 4], ["read", "local", "write", "heal"],
    run("five", 5, 1700, `
      350put:n2:x:5 450cut:n2 929put:n3:x:8:c2 1019get:n2:x:local:c3 1059get:n2:x:c4
      1189get:n3:x:c5 1299heal 1399twice:n1~n3:FW 1399put:n1:x:9:c6
    `),
    {
      extra: () => import("./clock.js"),
      without: [SLOW_CLOCK],
    },
  ),
  chapter("break", [1, 2], [],
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
 * @param {string} id
 * @param {[right: number, reveals: number]} answer
 * @param {Act[]} acts
 * @param {Spec} spec
 * @param {Partial<Pick<Chapter, "extra" | "without">>} [more]
 * @returns {Chapter}
 */
function chapter(id, [right, reveals], acts, spec, more = {}) {
  return { id, spec, right, reveals, acts, teller: teller(id), without: [], ...more };
}

/**
 * A recorded run, which nobody can act in; or one of the engine as it is, in which something is
 * broken that it relies on.
 * @param {string} name
 * @param {Spec} [spec]
 * @returns {Missing}
 */
function missing(name, spec = recorded(name)) {
  return { name, spec, teller: teller(name) };
}

/** @returns {Chapter["teller"]} */
function teller(/** @type {string} */ name) {
  return async () => (await import(`./tell/${name}.js`)).default;
}

/** @returns {Spec} */
function recorded(/** @type {string} */ name) {
  return { scenario: "", seed: 0, actions: "", until: 0, recorded: name };
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
