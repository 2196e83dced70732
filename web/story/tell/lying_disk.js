// @ts-check
// Chapter 12: the disk says that it has written what it has not.

import { short } from "../../model/short.js";
import { has, isWrite, millis, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { StoryRecord } from "../../protocol.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const asked = run.after(run.leader(0)?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const answered = run.answer(asked);
  const gone = run.after(answered?.t, "ft", ({ f }) => f === "stop");
  const back = run.after(gone?.t, "key", ({ n, log }) => n === gone?.n && !has(log, cmd));
  const leads = run.leader(back?.t);
  const cut = run.after(leads?.t, "tr", (record) => loses(record, cmd));
  const read = run.after(cut?.t, "op", ({ ph, cmd }) => ph === "inv" && !!cmd?.startsWith("get "));
  const told = run.answer(read);
  const left = run.members(run.end).filter(({ log }) => has(log, cmd));
  return {
    beats: [answered, gone, back, leads, cut, told].map(time),
    values: {
      cmd: short(cmd),
      first: gone?.n ?? "",
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      last: cut?.n ?? "",
      acked: answered ? millis(answered.t) : "",
    },
    checks: [
      { t: time(cut), holds: answered !== null && left.length === 0 },
      { t: time(told), holds: told !== null && !told.val },
    ],
  };
}

function loses(
  /** @type {Extract<StoryRecord, {k: "tr"}>} */ { lost },
  /** @type {string} */ cmd,
) {
  return has(lost, cmd);
}
