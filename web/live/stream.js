// @ts-check
// The live trace, over server-sent events. They are read by hand: a browser's own reader of such
// streams can show no token, and does not say why it was refused. After a break everything begins
// anew with a hello.

/** @import { TraceRecord } from "../protocol.js" */
/**
 * @typedef {object} Listener
 * @property {(record: TraceRecord) => void} record
 * @property {(stop: () => void) => void} open gets what ends the stream
 * @property {() => void} broken
 * @property {(status: number) => Promise<void>} refused ends when another attempt makes sense
 * @property {() => Record<string, string>} headers says who asks
 */

/** How long to wait before another attempt, in milliseconds. */
const RETRY_MS = 2_000;

/** Follows for as long as the page is there. */
export async function follow(/** @type {string} */ url, /** @type {Listener} */ told) {
  for (;;) {
    const status = await listen(url, told).catch(() => null);
    told.broken();
    const isRefused = status === 401 || status === 403;
    await (isRefused ? told.refused(status) : new Promise((done) => setTimeout(done, RETRY_MS)));
  }
}

/** Tells what comes until the stream ends; @returns {Promise<number>} the server's status */
async function listen(/** @type {string} */ url, /** @type {Listener} */ told) {
  const stop = new AbortController();
  const response = await fetch(url, { headers: told.headers(), signal: stop.signal });
  if (!response.ok || !response.body) return response.status;
  told.open(() => stop.abort());
  const lines = new Lines();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const line of lines.take(part.value)) {
      const record = parse(line);
      if (record) told.record(record);
    }
  }
  return response.status;
}

/** Puts the pieces of a stream together to lines. */
export class Lines {
  #rest = "";

  /** The lines that end in this piece. */
  take(/** @type {string} */ piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }
}

/**
 * The record of a line. A line that holds none is skipped, as a kind would be that is not known.
 * @param {string} line
 * @returns {TraceRecord | null}
 */
export function parse(line) {
  if (!line.startsWith("data: ")) return null;
  try {
    const record = JSON.parse(line.slice(6));
    return typeof record?.k === "string" && typeof record.t === "number" ? record : null;
  } catch {
    return null;
  }
}
