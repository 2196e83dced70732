import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { duration, languages, say } from "../text.js";
import { short, cut } from "../model/short.js";

const root = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const folders = ["model", "scene", "live"];
const modules = [
  "app.js",
  "text.js",
  ...folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith(".js"))
      .map((name) => `${folder}/${name}`),
  ),
];
const words = Object.keys(languages.en);

test("every language has every word, with the same values to fill in", () => {
  const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  for (const [language, table] of Object.entries(languages)) {
    assert.deepEqual(Object.keys(table).sort(), words.toSorted(), language);
    for (const word of words)
      assert.deepEqual(holes(table[word]), holes(languages.en[word]), `${language}: ${word}`);
  }
});

test("the page names only words that exist", () => {
  const named = [...read("index.html").matchAll(/data-(?:text|label)="(\w+)"/g)].map(
    ([, word]) => word,
  );
  assert.ok(named.length > 20);
  for (const word of named) assert.ok(words.includes(word), word);
});

test("every word is used somewhere", () => {
  const sources = [
    read("index.html"),
    ...modules.filter((path) => path !== "text.js").map(read),
  ].join("\n");
  const own = read("text.js").split("let words")[1];
  for (const word of words) {
    const used = new RegExp(`["\`]${word}["\`]`).test(sources + own) || isComposed(word);
    assert.ok(used, word);
  }
});

/** Roles and verdicts are looked up by the names that the model gives them. */
function isComposed(word) {
  const verdicts = ["healthy", "degraded", "brink", "electing", "lost"];
  return (
    /^[FPCLX]$/.test(word) ||
    verdicts.includes(word) ||
    verdicts.includes(word.replace(/Lede$/, "")) ||
    ["stop", "pause", "resume", "start"].includes(word)
  );
}

test("values are filled in, and only values", () => {
  assert.equal(say("term", { term: 3 }), "term 3");
  assert.equal(say("failed", { name: "{error}", error: "x" }), "{error}: x");
  assert.deepEqual(
    [duration(900), duration(352_000), duration(1_600_000), duration(14_200_000)],
    ["1 ms", "352 ms", "1.6 s", "14 s"],
  );
});

test("short forms", () => {
  assert.deepEqual(["put a 1", "put key a value", "del a", "txn", "noop"].map(short), [
    "a=1",
    "key=a value",
    "a✕",
    "txn",
    "noop",
  ]);
  assert.deepEqual(
    [cut("abcdef", 4), cut("abcd", 4), cut("数据一致性", 3)],
    ["abc…", "abcd", "数据…"],
  );
});

test("the whole page is small, and needs no other origin", () => {
  const assets = ["index.html", "style.css", "scene.css", "icon.svg", ...modules];
  const bytes = assets.reduce((sum, path) => sum + statSync(new URL(path, root)).size, 0);
  assert.ok(bytes < 160_000, `${bytes} bytes`);
  for (const path of assets) {
    const outside = read(path).match(/https?:\/\/(?!www\.w3\.org\/)[^\s"']+/);
    assert.equal(outside, null, path);
  }
});

test("every import names a module of the page", () => {
  for (const path of modules) {
    const base = new URL(path, root);
    for (const [, name] of read(path).matchAll(/from "(.+)";/g)) {
      assert.ok(statSync(new URL(name, base)).isFile(), `${path}: ${name}`);
    }
  }
});
