// @ts-check
// The one sentence that says how the cluster is.

import { health } from "../model/health.js";
import { duration, say } from "../text.js";

/** @import { Health } from "../model/health.js" */
/** @import { Session } from "./session.js" */

/**
 * @param {Session} session
 * @param {number} now page time in milliseconds
 * @returns {{title: string, text: string, health: Health}}
 */
export function verdict(session, now) {
  const frame = session.recording.frame(session.clock.view(now * 1000));
  const found = health(frame, session.clock.members(now * 1000));
  if (session.isRefused) return { title: say("login"), text: say("loginLede"), health: found };
  if (!session.connected && session.hello) {
    return {
      title: say("broken"),
      text: say("brokenLede", { age: duration((now - session.heard) * 1000) }),
      health: found,
    };
  }
  if (found.verdict === "unknown")
    return { title: say("connecting"), text: say("connectingLede"), health: found };
  const { leader, term, spare, voters, up, quorum } = found;
  const values = { leader: leader ?? "", term, spare, voters, up, quorum, missing: missing(found) };
  return { title: say(found.verdict), text: say(`${found.verdict}Lede`, values), health: found };
}

/** Who is missing, and why. */
function missing(/** @type {Health} */ { stopped, paused, silent }) {
  const parts = [
    stopped.length > 0 && say("areStopped", { names: stopped.join(", ") }),
    paused.length > 0 && say("arePaused", { names: paused.join(", ") }),
    silent.length > 0 && say("areSilent", { names: silent.join(", ") }),
  ];
  return parts.filter(Boolean).join(", ");
}
