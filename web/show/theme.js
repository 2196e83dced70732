// @ts-check
// Light or dark: as the system says, until the reader says otherwise.

const STORED = "quorate.theme";

/** @param {() => void} changed called after every change, and once now */
export function followTheme(/** @type {HTMLElement} */ button, changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const wanted = localStorage.getItem(STORED) ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = wanted;
    changed();
  };
  button.addEventListener("click", () => {
    const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem(STORED, other);
    show();
  });
  system.addEventListener("change", show);
  show();
}
