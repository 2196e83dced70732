// @ts-check
// The live trace, over server-sent events. After a break the browser connects again by itself, and
// everything begins anew with a hello.

/** @import { TraceRecord } from "../protocol.js" */

/** How long to wait before a connection is tried again that the browser gave up. */
const RETRY_MS = 2_000;

/**
 * @param {string} url
 * @param {{record: (record: TraceRecord) => void, open: () => void, broken: () => void}} told
 */
export function follow(url, told) {
  const source = new EventSource(url);
  source.onopen = told.open;
  source.onmessage = ({ data }) => {
    const record = parse(data);
    if (record) told.record(record);
  };
  source.onerror = () => {
    told.broken();
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => follow(url, told), RETRY_MS);
  };
}

/**
 * A line of the stream. A line that is no record is skipped, as a kind would be that is not known.
 * @param {string} line
 * @returns {TraceRecord | null}
 */
function parse(line) {
  try {
    const record = JSON.parse(line);
    return typeof record?.k === "string" && typeof record.t === "number" ? record : null;
  } catch {
    return null;
  }
}
