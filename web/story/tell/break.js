// @ts-check
// Chapter 16: everything at once.

import { Claims } from "../../model/claims.js";
import { millis, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const [fault] = [...run.all("ft"), ...run.all("net")]
    .filter(({ t }) => t > 0)
    .sort((a, b) => a.t - b.t);
  const leads = run.leader(fault?.t);
  const verdicts = new Claims(trace.recording.records).at(run.end);
  const broken = verdicts.filter(({ witness }) => witness !== null).length;
  const ends = new Set(run.members(run.end).map(({ kv }) => JSON.stringify([...kv].sort())));
  return {
    beats: [time(fault), time(leads), ends.size === 1 ? run.end : null],
    values: {
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      checks: verdicts.reduce((sum, { checks }) => sum + checks, 0),
      broken,
      span: millis(run.end),
    },
    checks: [{ t: run.end, holds: broken === 0 }],
  };
}
