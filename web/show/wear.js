// @ts-check
// A part of the page brings its own look, so that the others need not load it.

/** Fetches a style sheet, named from the page's root; it is worn before the part is shown. */
export function wear(/** @type {string} */ sheet) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = sheet;
  return new Promise((done) => {
    link.onload = link.onerror = done;
    // The phone's rules, which come last, have the last word.
    document.head.prepend(link);
  });
}
