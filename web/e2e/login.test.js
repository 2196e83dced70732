// The live view of members to which users matter: it asks who the reader is.
//
//   QUORATE=../../target/debug/quorate node --test login.test.js
//
// It starts members of its own, whose tokens are good for a short time only.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { isSound, LOOKS, noBrowser, until, visit, WAIT } from "./browser.js";
import { startCluster } from "./cluster.js";

const quorate = process.env.QUORATE;
const skip = noBrowser || (!existsSync(quorate ?? "") && "QUORATE names no program");

const TOKEN_SECONDS = 6;

/** What makes users matter: `root`, and `ann`, who may do nothing. */
const USERS = [
  ["user/add", { name: "root", password: "secret" }],
  ["user/add", { name: "ann", password: "secret" }],
  ["user/grant", { user: "root", role: "root" }],
  ["enable", {}],
];

/** @type {Awaited<ReturnType<typeof startCluster>>} */
let cluster;

before(async () => {
  if (skip) return;
  cluster = await startCluster(quorate, 3, ["--auth-token-ttl", String(TOKEN_SECONDS)]);
  for (const [path, body] of USERS) await post(`auth/${path}`, body);
});
after(() => cluster?.stop());

async function post(path, body) {
  const answer = await fetch(`${cluster.urls[0]}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${await answer.text()}`);
}



/** Looks at the live view of the first member; `says` is what the console may say, in order. */
function look(options, run) {
  return visit(`${cluster.urls[0]}/#live`, options, async (tab) => {
    await tab.getByRole("heading", { level: 1, name: "Log in" }).waitFor(WAIT);
    await run(tab);
  });
}

async function logIn(tab, name, password) {
  await tab.getByLabel("User", { exact: true }).fill(name);
  await tab.getByLabel("Password", { exact: true }).fill(password);
  await tab.getByRole("button", { name: "Log in", exact: true }).click();
}

test("who has not logged in sees nothing, who is no administrator is told so", { skip }, () =>
  look({ says: /401|400|403/ }, async (tab) => {
    assert.equal(await tab.locator(".node").count(), 0);
    await logIn(tab, "root", "guess");
    await tab.locator("#login .bad", { hasText: "authentication failed" }).waitFor(WAIT);
    await logIn(tab, "ann", "secret");
    await tab.locator("#login .bad", { hasText: "ann is no administrator" }).waitFor(WAIT);
    assert.equal(await tab.locator(".node").count(), 0);
  }),
);

test("an administrator sees all members, for longer than a token is good", { skip }, () =>
  look({ says: /401/ }, async (tab) => {
    await logIn(tab, "root", "secret");
    await tab.locator(".node.roleL").waitFor(WAIT);
    await tab.locator("#verdict.ok").waitFor(WAIT);
    await tab.getByText("Logged in as root").waitFor(WAIT);
    await tab.waitForTimeout(2500 * TOKEN_SECONDS);
    // All three tell figures of themselves, and none of them is old.
    await until(
      tab,
      () => document.querySelectorAll("#figures table:first-of-type tr:not(.old) td").length >= 9,
    );
    await tab.locator("#verdict.ok").waitFor(WAIT);
    assert.equal(await tab.getByRole("heading", { name: "Log in" }).count(), 0);
    const kept = await tab.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.ok(!kept.includes("secret"), "nothing is stored");
    await tab.getByRole("button", { name: "Log out" }).click();
    await tab.getByRole("heading", { level: 1, name: "Log in" }).waitFor(WAIT);
    await until(tab, () => document.querySelectorAll(".node").length === 0);
  }),
);

for (const [what, options] of Object.entries(LOOKS)) {
  test(`the question who one is, is sound: ${what}`, { skip }, () =>
    look({ ...options, says: /401/ }, async (tab) => {
      await isSound(tab);
      await logIn(tab, "root", "secret");
      await tab.getByText("Logged in as root").waitFor({ ...WAIT, state: "attached" });
      await isSound(tab);
    }),
  );
}
