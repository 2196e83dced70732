// @ts-check
// Chapter 15: a lease is counted by a clock that is too slow.

import { isWrite, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const slow = run.after(0, "act", ({ a }) => a.includes("skew"));
  const [old] = slow?.on ?? [];
  const wall = run.after(slow?.t, "net", ({ cut }) => cut.length > 0);
  const leads = run.after(wall?.t, "st", ({ n, role }) => role === "L" && n !== old);
  const asked = run.after(leads?.t, "op", isWrite);
  const answered = run.answer(asked);
  const read = run.after(answered?.t, "op", ({ n, cmd }) => n === old && !!cmd?.startsWith("get "));
  const told = run.answer(read);
  const after = asked?.cmd?.split(" ")[2] ?? "";
  return {
    beats: [slow, wall, leads, answered, told].map(time),
    values: {
      old: old ?? "",
      leader: leads?.n ?? "",
      permille: /-?\d+$/.exec(slow?.a ?? "")?.[0] ?? "",
      before: told?.val ?? "",
      after,
    },
    checks: [{ t: time(told), holds: told !== null && told.val !== after }],
  };
}
