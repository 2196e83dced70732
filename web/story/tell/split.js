// @ts-check
// Chapter 7: a term without a leader.

import { Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const stood = run.all("st").filter(({ role }) => role === "C");
  const first = stood.find(({ term, n }) => stood.some((one) => one.term === term && one.n !== n));
  const second = stood.find(({ term, n }) => term === first?.term && n !== first.n) ?? null;
  const term = first?.term ?? 0;
  const votes = run
    .all("rx")
    .filter(({ t }) => t >= (second?.t ?? Infinity))
    .find(({ from, id }) => isVote(run, from, id, term));
  const again = run.after(votes?.t, "st", ({ role, t }) => role === "P" && t > (second?.t ?? 0));
  const leads = run.leader(again?.t, term);
  const leaders = run.leaders().get(term)?.size ?? 0;
  return {
    beats: [second, votes ?? null, again, leads].map(time),
    values: {
      first: first?.n ?? "",
      second: second?.n ?? "",
      term,
      again: again?.n ?? "",
      leader: leads?.n ?? "",
      last: leads?.term ?? 0,
      leaders,
    },
    checks: [
      { t: time(leads), holds: second !== null && leaders === 0 },
      { t: time(leads), holds: !run.votedTwice() },
    ],
  };
}

function isVote(
  /** @type {Reader} */ run,
  /** @type {string} */ from,
  /** @type {number} */ id,
  /** @type {number} */ term,
) {
  const message = run.message(`${from}:${id}`);
  return message?.m === "RVR" && message.term === term;
}
