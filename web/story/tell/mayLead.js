// @ts-check
// Chapter 11: a member that misses an entry does not lead.

import { short } from "../../model/short.js";
import { has, isWrite, place, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const stale = run.names.find((name) => wall?.cut.every((link) => link.includes(name)));
  const asked = run.after(wall?.t, "op", isWrite);
  const held = asked && run.appended(asked.t, asked.cmd ?? "");
  const committed = held && run.committed(held.t, old?.n, place(held, asked?.cmd));
  const alone = run.after(committed?.t, "st", ({ n, role }) => n === stale && role === "P");
  const gone = run.after(committed?.t, "ft", ({ f, n }) => f === "stop" && n === old?.n);
  const refused = run.after(
    gone?.t,
    "tx",
    ({ m, to, b }) => m === "PVR" && to === stale && b.ok === false,
  );
  const leads = run.leader(gone?.t, old?.term);
  const got = run.after(committed?.t, "ap", ({ n, e }) => n === stale && has(e, asked?.cmd ?? "?"));
  const wrongly = run
    .all("st")
    .some(({ n, role, t }) => n === stale && role === "L" && t < (got?.t ?? Infinity));
  const terms = [wall?.t, gone?.t].map((t) => run.member(stale, (t ?? 0) - 1)?.term ?? 0);
  return {
    beats: [wall, committed, alone, gone, refused, leads].map(time),
    values: {
      stale: stale ?? "",
      cmd: short(asked?.cmd ?? ""),
      voter: refused?.n ?? "",
      leader: leads?.n ?? "",
      grown: terms[1] - terms[0],
    },
    checks: [
      { t: time(got ?? leads), holds: leads !== null && !wrongly },
      { t: time(gone), holds: alone !== null && terms[0] === terms[1] },
    ],
  };
}
