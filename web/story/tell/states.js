// @ts-check
// Chapter 3: the roles, and how one follows another.

import { Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** What may follow on a role. A member that is stopped starts as a follower. */
const ARROWS = { F: "FP", P: "FPC", C: "FPCL", L: "LF", X: "XF" };

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const asks = run.after(0, "st", ({ role }) => role === "P");
  const stands = run.after(asks?.t, "st", ({ role }) => role === "C");
  const leads = run.leader(stands?.t);
  const follows = run.after(leads?.t, "st", ({ lead, n }) => lead === leads?.n && n !== leads?.n);
  const changes = run.names.map((name) => roles(run, name));
  const legal = changes.every((all) => all.every(([from, to]) => ARROWS[from].includes(to)));
  return {
    beats: [run.all("tm")[0]?.t ?? 0, asks, stands, leads, follows].map(time),
    values: {
      first: asks?.n ?? "",
      term: stands?.term ?? 0,
      leader: leads?.n ?? "",
      moves: changes.flat().filter(([from, to]) => from !== to).length,
    },
    checks: [
      { t: time(leads), holds: legal },
      { t: time(leads), holds: leads !== null },
    ],
  };
}

/** The roles of a member, each with the one that followed it. */
function roles(/** @type {Reader} */ run, /** @type {string} */ name) {
  const all = run
    .all("st")
    .filter(({ n }) => n === name)
    .map(({ role }) => role);
  return all.slice(1).map((role, place) => /** @type {const} */ ([all[place], role]));
}
