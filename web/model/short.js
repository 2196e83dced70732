// @ts-check
// Short forms of what a log holds, for places where a few letters must do.

/**
 * `put a 1` as `a=1`, `del a` as `a✕`, a configuration as how many vote;
 * `publish A`, with which a member tells its addresses, as `@A`; what has no short form stays as
 * it is.
 */
export function short(/** @type {string} */ text) {
  const put = /^put (\S+) (.*)$/.exec(text);
  if (put) return `${put[1]}=${put[2]}`;
  if (text.startsWith("publish ")) return `@${text.slice(8)}`;
  const configuration = readConfiguration(text);
  if (configuration) return `⚙${configuration.voters.length}`;
  const del = /^del (\S+)$/.exec(text);
  return del ? `${del[1]}✕` : text;
}

/**
 * The members that an entry for a configuration lists; null if it is another entry.
 * `members n1 n2 (n1 n3) learners n4`: in a joint configuration the old voters stand in brackets.
 */
export function readConfiguration(/** @type {string} */ text) {
  const found = /^members ([^(]*?)(?: ?\((.*)\))?(?: ?learners (.*))?$/.exec(text);
  if (!found) return null;
  const [voters, old, learners] = found
    .slice(1)
    .map((part) => part?.split(" ").filter(Boolean) ?? []);
  return { voters, old, learners };
}

/** Cuts to `length` characters, the last of which then is an ellipsis. */
export function cut(/** @type {string} */ text, /** @type {number} */ length) {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join("")}…`;
}
