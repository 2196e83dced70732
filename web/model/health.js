// @ts-check
// What one may conclude from a frame: who leads, who is up, and what the cluster can still lose.

import { STALE } from "./view.js";

/** @import { Frame, Member } from "./types.js" */

/**
 * @typedef {object} Health
 * @property {"healthy" | "degraded" | "brink" | "electing" | "lost" | "unknown"} verdict
 * @property {string | null} leader
 * @property {number} term the leader's, or the highest known
 * @property {number} voters
 * @property {number} up how many of them run and are heard of
 * @property {number} quorum
 * @property {number} spare how many more may be lost
 * @property {string[]} stopped
 * @property {string[]} paused
 * @property {string[]} silent running, as far as is known, but not heard of
 */

/**
 * @param {Frame} frame
 * @param {number} now the time at the members, for their silence
 * @returns {Health}
 */
export function health(frame, now) {
  const members = [...frame.members.values()];
  const stopped = members.filter((member) => member.role === "X");
  const paused = members.filter((member) => member.role !== "X" && member.paused);
  const silent = members.filter((member) => isSilent(member, now));
  const up = members.filter(
    (member) => member.role !== "X" && !member.paused && !isSilent(member, now),
  );
  const leaders = up.filter((member) => member.role === "L");
  const leader = leaders.sort((a, b) => b.term - a.term)[0] ?? null;
  const quorum = Math.floor(members.length / 2) + 1;
  const spare = up.length - quorum;
  const term = leader?.term ?? Math.max(0, ...members.map((member) => member.term));
  return {
    verdict: verdict(members, leader, up.length, spare),
    leader: leader?.name ?? null,
    term,
    voters: members.length,
    up: up.length,
    quorum,
    spare,
    stopped: names(stopped),
    paused: names(paused),
    silent: names(silent),
  };
}

/** Whether a member that should speak has not been heard of for long. */
export function isSilent(/** @type {Member} */ member, /** @type {number} */ now) {
  return member.role !== "X" && !member.paused && now - member.heard > STALE;
}

/**
 * @param {Member[]} members
 * @param {Member | null} leader
 * @param {number} up
 * @param {number} spare
 * @returns {Health["verdict"]}
 */
function verdict(members, leader, up, spare) {
  if (members.every((member) => member.heard === 0)) return "unknown";
  if (spare < 0) return "lost";
  if (leader === null) return "electing";
  if (up === members.length) return "healthy";
  return spare === 0 ? "brink" : "degraded";
}

function names(/** @type {Member[]} */ members) {
  return members.map((member) => member.name);
}
