// @ts-check
// Chapter 13: a snapshot in the place of a log.

import { Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const asked = run.after(leads?.t, "op", ({ cmd }) => cmd?.startsWith("put ") ?? false);
  const gone = run.after(asked?.t, "ft", ({ f }) => f === "stop");
  const behind = gone?.n;
  const shorter = run.after(gone?.t, "act", ({ a }) => a.includes("snap"));
  const piece = run.after(gone?.t, "tx", ({ m, to }) => m === "IS" && to === behind);
  const index = piece?.b.si ?? 0;
  const restored = run.committed(piece?.t, behind, index);
  const caught = run.after(restored?.t, "ci", ({ n, ci }) => n === behind && ci > index);
  const applied = [behind, leads?.n].map((name) => run.member(name, run.end)?.ai ?? 0);
  const marks = run.all("ci").filter(({ n, t }) => n === behind && t > (restored?.t ?? 0));
  const back = marks.some(({ ci }, place) => place > 0 && ci < marks[place - 1].ci);
  return {
    beats: [asked, gone, shorter, piece, caught].map(time),
    values: { leader: leads?.n ?? "", behind: behind ?? "", index, applied: applied[0] },
    checks: [
      { t: time(caught), holds: applied[0] === applied[1] && applied[0] > index },
      { t: time(caught), holds: restored !== null && !back },
    ],
  };
}
