// @ts-check
// Chapter 14: from three members to five in one jump.

import { isMembers, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const jump = run.after(old?.t, "ap", ({ n, e }) => n === old?.n && e.some(isMembers));
  const joined = run.after(jump?.t, "ap", ({ n, e }) => n !== old?.n && e.some(isMembers));
  const first = run.leader(jump?.t, old?.term);
  const second = run.after(
    first?.t,
    "st",
    ({ n, role, term }) => role === "L" && term === first?.term && n !== first.n,
  );
  const count = run.leaders().get(first?.term ?? 0)?.size ?? 0;
  return {
    beats: [old, jump, joined, first, second].map(time),
    values: {
      old: old?.n ?? "",
      joined: joined?.n ?? "",
      first: first?.n ?? "",
      second: second?.n ?? "",
      term: first?.term ?? 0,
      count,
    },
    checks: [{ t: time(second), holds: count === 2 }],
  };
}
