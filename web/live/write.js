// @ts-check
// The form that writes a value, and what came of it.

import { say } from "../text.js";
import * as api from "./api.js";

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} result
 */
export function enableWriting(form, result) {
  let running = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    running = true;
    const data = new FormData(form);
    const key = String(data.get("key")).trim();
    const value = String(data.get("value"));
    const { text, bad } = await api.put(key, value).then(
      ({ member, revision, ms }) => ({
        text: say("written", { key, value, member, revision, ms: ms.toFixed(1) }),
        bad: false,
      }),
      (error) => ({ text: say("notWritten", { error: error.message }), bad: true }),
    );
    result.textContent = text;
    result.classList.toggle("bad", bad);
    if (!bad) countUp(/** @type {HTMLInputElement} */ (form.elements.namedItem("value")));
    running = false;
  });
}

/** A number that was written is followed by the next one, so that a second write shows a change. */
function countUp(/** @type {HTMLInputElement} */ field) {
  if (/^\d{1,9}$/.test(field.value)) field.value = String(Number(field.value) + 1);
}
