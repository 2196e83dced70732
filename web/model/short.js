// @ts-check
// Short forms of what a log holds, for places where a few letters must do.

/**
 * `put a 1` as `a=1`, `del a` as `a✕`, a configuration as how many vote,
 * and voted before, if both must agree;
 * `publish A`, with which a member tells its addresses, as `@A`; what has no short form stays as
 * it is.
 */
export function short(/** @type {string} */ text) {
  const put = /^put (\S+) (.*)$/.exec(text);
  if (put) return `${put[1]}=${put[2]}`;
  if (text.startsWith("publish ")) return `@${text.slice(8)}`;
  const configuration = voters(text);
  if (configuration !== "") return `⚙${configuration}`;
  const del = /^del (\S+)$/.exec(text);
  return del ? `${del[1]}✕` : text;
}

/**
 * How many vote by the entry of a configuration: `members n1 n2 n4 (n1 n2) learners n5`, where the
 * old voters of a joint one stand in brackets. Empty for any other entry.
 */
function voters(/** @type {string} */ text) {
  const found = /^members ([^(]*?)(?: ?\((.*)\))?(?: ?learners .*)?$/.exec(text);
  if (!found) return "";
  const [now, before] = found.slice(1).map((names) => names?.split(" ").filter(Boolean).length);
  return before ? `${before}→${now}` : String(now);
}

/** Cuts to `length` characters, the last of which then is an ellipsis. */
export function cut(/** @type {string} */ text, /** @type {number} */ length) {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join("")}…`;
}
