// What the budgets are measured with: the bytes of a face, and a long trace.

/** Chapters: the first, that of the pictures, and those that have most beside them. */
export const STORY = [
  "#story/1",
  ...["#story/4", "#story/7", "#story/9", "#story/10?off=1", "#story/12?off=1", "#story/15?off=1"],
];
/** Chapters and clusters end at 60 s; so many records come about in less. */
const RECORDS = 10_000;

/**
 * Opens a face in a tab that has seen nothing yet, and adds up what was fetched of the page's own
 * files, as they are in the repository: not compressed, comments and all. The runs of the engine
 * do not count.
 * @param {import("playwright-core").Page} tab
 * @param {string} address
 */
export async function weigh(tab, address) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  const add = async (response) => {
    const { pathname } = new URL(response.url());
    if (/\/(api|recorded)\//.test(pathname) || !response.ok()) return;
    sizes.set(pathname, (await response.body().catch(() => Buffer.alloc(0))).length);
  };
  tab.on("response", add);
  await tab.goto(address);
  await tab.locator("h1:visible").first().waitFor();
  await tab.waitForLoadState("networkidle").catch(() => {});
  await tab.waitForTimeout(500);
  tab.off("response", add);
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { bytes, files: sizes.size };
}

/** A run with writes, faults and elections that has at least ten thousand records. */
export async function longTrace(page) {
  const acts = Array.from({ length: 60 }, (_, i) => `${600 + i * 400}put:lead:k${i % 5}:${i}`);
  for (let i = 0; i < 12; i += 1) {
    const at = 1000 + i * 2000;
    acts.push(`${at}stop:lead`, `${at + 900}start:n${1 + (i % 5)}`);
    for (const name of ["n1", "n2", "n3", "n4", "n5"]) acts.push(`${at + 950}start:${name}`);
  }
  acts.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const words = { s: "five", seed: "5", a: acts.join(","), until: "26000" };
  const response = await fetch(new URL(`api/sim?${new URLSearchParams(words)}`, page));
  const text = await response.text();
  const lines = text.split("\n").length;
  if (!response.ok || lines < RECORDS) throw new Error(`${response.status}: ${lines} records`);
  return text;
}
