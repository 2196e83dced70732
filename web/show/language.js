// @ts-check
// English or Chinese: as the browser asks, until the reader says otherwise.

import { language, speak, STORED } from "../text.js";

/** @param {() => void} changed called after every change, and once now */
export function followLanguage(/** @type {HTMLElement} */ button, changed) {
  const show = async (/** @type {import("../text.js").Language} */ wanted) => {
    await speak(wanted);
    document.documentElement.lang = wanted === "zh" ? "zh-Hans" : "en";
    changed();
  };
  button.addEventListener("click", () => {
    const other = language() === "en" ? "zh" : "en";
    localStorage.setItem(STORED, other);
    show(other);
  });
  show(language());
}
