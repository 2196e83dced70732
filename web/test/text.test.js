import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { duration, learn, say, speak } from "../text.js";
import { short, cut } from "../model/short.js";
import { CHAPTERS } from "../story/chapters.js";

const root = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const folders = ["model", "scene", "show", "run", "play", "live", "open"];
folders.push("story/tell");
for (const folder of ["story", "text"]) folders.push(folder, `${folder}/en`, `${folder}/zh`);
const modules = [
  "app.js",
  "text.js",
  ...folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith(".js"))
      .map((name) => `${folder}/${name}`),
  ),
];

/** The words of all parts of the page. */
async function table(language) {
  const names = readdirSync(new URL(`text/${language}`, root)).map((name) => `${language}/${name}`);
  const files = [`${language}.js`, ...names].map((name) => import(`../text/${name}`));
  return Object.assign({}, ...(await Promise.all(files)).map((file) => file.default));
}

const english = await table("en");
const chinese = await table("zh");
const words = Object.keys(english);

test("every language has every word, with the same values to fill in", () => {
  const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  assert.deepEqual(Object.keys(chinese).sort(), words.toSorted());
  for (const word of words) assert.deepEqual(holes(chinese[word]), holes(english[word]), word);
});

test("the page names only words that exist", () => {
  const named = [...read("index.html").matchAll(/data-(?:text|label|hint)="(\w+)"/g)].map(
    ([, word]) => word,
  );
  assert.ok(named.length > 20);
  for (const word of named) assert.ok(words.includes(word), word);
});

test("every word is used somewhere", () => {
  const sources = [
    read("index.html"),
    ...modules.filter((path) => !path.startsWith("text/")).map(read),
  ].join("\n");
  for (const word of words) {
    const used = new RegExp(`["\`]${word}["\`]`).test(sources) || isComposed(word);
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
    /^(next[FPCLX]|client_(inv|ok|fail|lost))$/.test(word) ||
    ["stop", "pause", "resume", "start"].includes(word)
  );
}

test("values are filled in, and only values", async () => {
  await learn("live");
  assert.equal(say("term", { term: 3 }), "term 3");
  assert.equal(say("failed", { name: "{error}", error: "x" }), "{error}: x");
  assert.deepEqual(
    [duration(900), duration(352_000), duration(1_600_000), duration(14_200_000)],
    ["1 ms", "352 ms", "1.6 s", "14 s"],
  );
});

test("another language is spoken when it was asked for", async () => {
  await speak("zh");
  assert.equal(say("term", { term: 3 }), "任期 3");
  await speak("en");
  assert.equal(say("term", { term: 3 }), "term 3");
});

test("short forms", () => {
  assert.deepEqual(
    [
      "put a 1",
      "put key a value",
      "del a",
      "publish A",
      "members a b (a) learners c",
      "members a b c learners d",
      "txn",
      "noop",
    ].map(short),
    ["a=1", "key=a value", "a✕", "@A", "⚙1→2", "⚙3", "txn", "noop"],
  );
  assert.deepEqual(
    [cut("abcdef", 4), cut("abcd", 4), cut("数据一致性", 3)],
    ["abc…", "abcd", "数据…"],
  );
});

const size = (path) => statSync(new URL(path, root)).size;
const frameFiles = ["index.html", "style.css", "faces.css", "scene.css", "icon.svg"];
/** Those that a face brings. */
const sheets = Object.fromEntries(
  ["story", "play", "live", "open"].map((face) => [face, [`${face}/${face}.css`]]),
);

/** The modules that one needs at once, those that they need, and the words of a language. */
function needed(entries, language) {
  const found = new Set([...entries, `text/${language}.js`]);
  for (const path of found) {
    const source = read(path);
    for (const [, part] of source.matchAll(/^await learn\("(\w+)"\)/gm))
      found.add(`text/${language}/${part}.js`);
    for (const [, name] of source.matchAll(/^(?:import|export) [^"]*"(\..+)";/gm))
      found.add(new URL(name, new URL(path, root)).href.slice(root.href.length));
  }
  return [...found];
}

/** What a chapter has and no other. */
const extras = {
  states: ["story/states.js"],
  timers: ["story/timing.js", "story/scale.css"],
  split: ["story/odds.js", "story/scale.css"],
  repair: ["story/trips.js", "story/scale.css", "story/cards.css"],
  disk: ["story/disk.js", "story/scale.css", "story/cards.css"],
  members: ["story/lists.js", "story/cards.css"],
  reads: ["story/clock.js", "story/scale.css"],
};
/** What a visitor of a face may have to load, in bytes, as the files are. */
const LIMIT = 250_000;

function weigh(face, language, more = []) {
  const entries = ["app.js", `${face}/face.js`, ...more];
  const assets = [...frameFiles, ...sheets[face], ...needed(entries, language)];
  return [...new Set(assets)].reduce((sum, path) => sum + size(path), 0);
}

for (const language of ["en", "zh"]) {
  test(`every place in ${language} is less than ${LIMIT} bytes`, () => {
    const told = (name) => [`story/tell/${name}.js`, `story/${language}/${name}.js`];
    const places = CHAPTERS.flatMap(({ id, without }) => {
      const own = [`story/${language}/titles.js`, ...told(id), ...(extras[id] ?? [])];
      return [own, ...without.map(({ name }) => [...own, ...told(name)])];
    }).map((files) => ["story", files]);
    for (const [face, files] of [...places, ["play"], ["live", ["live/login.js"]], ["open"]]) {
      const bytes = weigh(face, language, files);
      assert.ok(bytes < LIMIT, `${bytes} bytes for ${face} ${files}`);
    }
  });
}

/** What all chapters and faces may be together, in one language, comments not counted. */
const WHOLE = 350_000;

test(`the whole page in a language is less than ${WHOLE} bytes of code and words`, () => {
  const all = [...frameFiles, ...Object.values(sheets).flat(), ...modules];
  const cards = ["story/scale.css", "story/cards.css", "show/help.css"];
  for (const other of ["zh", "en"]) {
    const own = all.filter((path) => !path.match(new RegExp(`/${other}[/.]`)));
    const bare = [...own, ...cards].map((path) => withoutComments(read(path)));
    const bytes = Buffer.byteLength(bare.join(""));
    assert.ok(bytes > WHOLE / 2 && bytes < WHOLE, `${bytes} bytes without ${other}`);
  }
});

function withoutComments(/** @type {string} */ source) {
  return source.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "").replace(/\n\s*\n/g, "\n");
}

test("the page needs no other origin", () => {
  for (const path of [...frameFiles, ...Object.values(sheets).flat(), ...modules]) {
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
