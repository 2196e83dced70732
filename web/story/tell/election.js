// @ts-check
// Chapter 5: how a leader comes to be.

import { Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { State } from "../../protocol.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const asks = run.after(0, "st", ({ role }) => role === "P");
  const stands = run.after(asks?.t, "st", ({ role }) => role === "C");
  const term = stands?.term ?? 0;
  const votes = run.after(stands?.t, "tx", ({ m, b }) => m === "RVR" && b.ok === true);
  const leads = run.leader(stands?.t);
  const says = run.after(leads?.t, "tx", ({ m, n }) => m === "AE" && n === leads?.n);
  const given = stands && leads ? counted(run, stands, leads.t) : 0;
  return {
    beats: [asks, stands, votes, leads, says].map(time),
    values: {
      first: asks?.n ?? "",
      before: asks?.term ?? 0,
      term,
      voter: votes?.n ?? "",
      leader: leads?.n ?? "",
      votes: given,
    },
    checks: [
      { t: time(leads), holds: given === Math.floor(run.names.length / 2) + 1 },
      { t: time(leads), holds: !run.votedTwice() },
    ],
  };
}

/** The votes that had come to a candidate by some time, its own among them. */
function counted(
  /** @type {Reader} */ run,
  /** @type {State} */ { n, t, term },
  /** @type {number} */ by,
) {
  const votes = run.messages(t, by).filter((message) => {
    const { m, to, b, term: of, t1, dropped } = message;
    return m === "RVR" && to === n && of === term && b.ok && !dropped && t1 !== null && t1 <= by;
  });
  return 1 + new Set(votes.map(({ from }) => from)).size;
}
