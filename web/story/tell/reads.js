// @ts-check
// Chapter 15: reads, and a request that arrives twice.

import { short } from "../../model/short.js";
import { isWrite, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** No answer after that is no answer. */
const SILENCE = 100_000;

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const leads = run.leader(wall?.t, old?.term);
  const moved = run.after(
    leads?.t,
    "ax",
    ({ n, set }) => n === leads?.n && set.some(([key]) => key === "x"),
  );
  const asks = run
    .all("op")
    .filter(({ n, ph, t }) => n === old?.n && ph === "inv" && t > (moved?.t ?? Infinity));
  const local = run.answer(asks.find(({ cmd }) => isRead(cmd, true)) ?? null);
  const asked = asks.find(({ cmd }) => isRead(cmd, false)) ?? null;
  const late = (asked?.t ?? 0) + SILENCE;
  const silent = asked && (run.answer(asked)?.t ?? run.end) > late ? late : null;
  const other = run.after(
    moved?.t,
    "op",
    ({ n, ph, cmd }) => n === leads?.n && ph === "inv" && isRead(cmd, false),
  );
  const answered = run.answer(other);
  const doubled = run.after(answered?.t, "act", ({ a }) => a.includes("twice"));
  const again = run.after(doubled?.t, "op", isWrite);
  const sent = run.after(again?.t, "tx", ({ n, m }) => n === again?.n && m === "FW");
  const [, twice] = run.all("rx").filter(({ from, id }) => from === again?.n && id === sent?.id);
  const done = twice ? run.answer(again) : null;
  const copies = run
    .all("ap")
    .filter(({ n }) => n === leads?.n)
    .flatMap(({ e }) => e.filter(([, , text]) => text === again?.cmd)).length;
  const before = run.member(old?.n, wall?.t ?? 0)?.kv.get("x") ?? "";
  const after = run.member(leads?.n, moved?.t ?? 0)?.kv.get("x") ?? "";
  const reads = run.all("op").filter(({ cmd }) => isRead(cmd, false));
  const wrong = reads.filter((read) => run.answer(read)?.val === before);
  return {
    beats: [
      ...[wall, moved, local, asked].map(time),
      silent,
      ...[answered, twice, done].map(time),
    ],
    values: {
      old: old?.n ?? "",
      leader: leads?.n ?? "",
      before,
      after,
      local: local?.val ?? "",
      stale: wrong.length,
      via: again?.n ?? "",
      cmd: short(again?.cmd ?? ""),
      copies,
    },
    checks: [
      { t: time(local), holds: local !== null && local.val === before && before !== after },
      { t: silent, holds: silent !== null && wrong.length === 0 },
      { t: time(answered), holds: answered !== null && answered.val === after },
      { t: time(done), holds: copies === 1 },
    ],
  };
}

function isRead(/** @type {string | undefined} */ cmd, /** @type {boolean} */ isLocal) {
  return cmd !== undefined && cmd.startsWith("get ") && cmd.endsWith(" local") === isLocal;
}
