// @ts-check
// Chapter 11: a vote is granted whatever the candidate's log.

import { short } from "../../model/short.js";
import { has, isWrite, millis, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { StoryRecord } from "../../protocol.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const asked = run.after(wall?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const answered = run.answer(asked);
  const leads = run.leader(answered?.t, old?.term);
  const granted = run.after(
    answered?.t,
    "tx",
    ({ n, m, to, b }) => m === "RVR" && to === leads?.n && b.ok === true && n !== leads?.n,
  );
  const lost = run.after(leads?.t, "tr", (record) => loses(record, cmd));
  return {
    beats: [wall, answered, granted, leads, lost].map(time),
    values: {
      stale: leads?.n ?? "",
      cmd: short(cmd),
      voter: granted?.n ?? "",
      term: leads?.term ?? 0,
      victim: lost?.n ?? "",
      acked: answered ? millis(answered.t) : "",
    },
    checks: [
      { t: time(leads), holds: leads !== null && !run.holds(leads.n, leads.t, cmd) },
      { t: time(lost), holds: lost !== null },
    ],
  };
}

function loses(
  /** @type {Extract<StoryRecord, {k: "tr"}>} */ { lost },
  /** @type {string} */ cmd,
) {
  return has(lost, cmd);
}
