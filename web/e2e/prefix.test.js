// The page behind a reverse proxy that puts it under a path, as a hosted page is, and with several
// readers at once.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node --test prefix.test.js

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { page, skip, visit, WAIT } from "./browser.js";

const PREFIX = "/shown/here/";
/** What was asked for outside of the prefix. */
const strays = [];
let home;

/** Passes on what is under the prefix, without it; streams too. */
const proxy = createServer((incoming, outgoing) => {
  if (!incoming.url.startsWith(PREFIX)) {
    strays.push(incoming.url);
    outgoing.writeHead(404).end();
    return;
  }
  const target = new URL(page);
  // The page's own server is asked by its own name, as proxies do.
  const { origin, ...headers } = incoming.headers;
  const passed = request(
    {
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: `/${incoming.url.slice(PREFIX.length)}`,
      headers: { ...headers, host: target.host, ...(origin && { origin: target.origin }) },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    },
  );
  passed.on("error", () => outgoing.destroy());
  outgoing.on("close", () => passed.destroy());
  incoming.pipe(passed);
});

before(async () => {
  if (skip) return;
  await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
  home = `http://127.0.0.1:${proxy.address().port}${PREFIX}`;
});
after(() => {
  proxy.closeAllConnections();
  proxy.close();
});

/** What the stage shows of each member. */
const stage = (tab) =>
  tab.evaluate(() =>
    [...document.querySelectorAll(".node")].map((node) => node.textContent).join(" | "),
  );

test("every face works under a path, and asks for nothing beside it", { skip }, async () => {
  await visit(`${home}#story/5`, {}, async (tab) => {
    await tab.locator("#beats li.done, #beats li.now").first().waitFor(WAIT);
    await tab.getByRole("link", { name: "Playground" }).click();
    await tab.locator(".node").first().waitFor(WAIT);
    await tab.getByRole("link", { name: "Live" }).first().click();
    await tab.locator(".node.roleL").first().waitFor(WAIT);
    await tab.locator("#figures tr").first().waitFor(WAIT);
    await tab.getByRole("link", { name: "Open trace" }).click();
  });
  assert.deepEqual(strays, []);
});

test("two readers do not disturb each other", { skip }, async () => {
  const alone = async (place) => {
    let seen;
    await visit(place, { reducedMotion: "reduce" }, async (tab) => {
      await tab.locator(".node").first().waitFor(WAIT);
      await tab.keyboard.press("End");
      await tab.locator("#checks .holds").first().waitFor(WAIT);
      seen = await stage(tab);
    });
    return seen;
  };
  const places = [`${home}#story/6`, `${home}#story/9`, new URL("#story/6", page).href];
  const one = await alone(places[0]);
  const [first, other, elsewhere] = await Promise.all(places.map(alone));
  assert.equal(first, one, "what another reader does changes nothing");
  assert.equal(elsewhere, one, "and neither does the way to the page");
  assert.notEqual(other, one);
});
