// @ts-check
// Short forms of what a log holds, for places where a few letters must do.

/** `put a 1` as `a=1`, `del a` as `a✕`; what has no short form stays as it is. */
export function short(/** @type {string} */ text) {
  const put = /^put (\S+) (.*)$/.exec(text);
  if (put) return `${put[1]}=${put[2]}`;
  const del = /^del (\S+)$/.exec(text);
  return del ? `${del[1]}✕` : text;
}

/** Cuts to `length` characters, the last of which then is an ellipsis. */
export function cut(/** @type {string} */ text, /** @type {number} */ length) {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join("")}…`;
}
