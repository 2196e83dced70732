// @ts-check
// Chapter 14: one list of members after another.

import { isMembers, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const added = run.after(leads?.t, "act", ({ a }) => a.includes("learn"));
  const joined = added?.a.split(":")[1] ?? "";
  const learns = run.after(added?.t, "ap", ({ n, e }) => n === leads?.n && e.some(isMembers));
  const votes = run.after(
    (learns?.t ?? 0) + 1,
    "ap",
    ({ n, e }) => n === leads?.n && e.some(isMembers),
  );
  const joint = run.after(votes?.t, "cf", ({ n, out }) => n === leads?.n && out !== undefined);
  const single = run.after(joint?.t, "cf", ({ n, out }) => n === leads?.n && out === undefined);
  const gone = joint?.out?.find((name) => !joint.voters.includes(name)) ?? "";
  const came = joint?.voters.find((name) => !joint.out?.includes(name)) ?? "";
  const most = Math.max(0, ...[...run.leaders().values()].map((names) => names.size));
  const log = (/** @type {string | undefined} */ name) =>
    JSON.stringify(run.member(name, run.end)?.log);
  return {
    beats: [leads, learns, votes, joint, single].map(time),
    values: { leader: leads?.n ?? "", joined, gone, came, most },
    checks: [
      { t: time(leads), holds: most === 1 },
      {
        t: single && run.end,
        holds: [joined, came].every((name) => log(name) && log(name) === log(leads?.n)),
      },
    ],
  };
}
