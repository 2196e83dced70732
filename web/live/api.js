// @ts-check
// What the page asks of the process that serves it.

import { readTrace } from "../model/file.js";
import { say } from "../text.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Fault, MemberProcess, PutAnswer } from "../protocol.js" */

/** @returns {Promise<MemberProcess[]>} */
export async function members() {
  return (await ask("GET", "api/members")).members;
}

/**
 * @param {string} name
 * @param {Fault} act
 * @returns {Promise<void>}
 */
export async function act(name, act) {
  await ask("POST", `api/members/${encodeURIComponent(name)}/${act}`);
}

/**
 * @param {string} key
 * @param {string} value
 * @returns {Promise<PutAnswer>}
 */
export function put(key, value) {
  return ask("POST", "api/put", { key, value });
}

/** What the members remember of elections, as a trace. @returns {Promise<Trace>} */
export async function elections(/** @type {Record<string, string>} */ headers) {
  const response = await fetch("api/elections", { headers });
  if (!response.ok) throw new Error(String(response.status));
  return readTrace(await response.text());
}

/**
 * Fails with the text that the server gives, or with ours if it gives none.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function ask(method, path, body) {
  const sent =
    body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...sent }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (!response?.ok || !answer) throw new Error(String(answer?.error ?? say("unreachable")));
  return answer;
}
