// The live view at full load: after the half minute that it remembers is full, its memory stays as
// it is.
//
//   QUORATE_PAGE=… QUORATE_MINUTES=10 QUORATE_CLIENTS=64 node --test heap.test.js
//
// Without those it looks for half a minute, at what eight clients write.

import assert from "node:assert/strict";
import { test } from "node:test";
import { page, skip, visit, WAIT } from "./browser.js";

const MINUTES = Number(process.env.QUORATE_MINUTES ?? 0.5);
/** The page remembers half a minute. */
const WARM_MS = 40_000;
/** Clients that write as fast as they are answered. */
const CLIENTS = Number(process.env.QUORATE_CLIENTS ?? 8);
/** What may come and go between two looks. */
const SLACK = { factor: 1.15, bytes: 1_500_000 };

/** Writes until it is stopped; says how many writes were answered. */
function load(urls) {
  let running = true;
  let answered = 0;
  const text = (value) => Buffer.from(String(value)).toString("base64");
  const client = async (number) => {
    const url = `${urls[number % urls.length]}/v3/kv/put`;
    for (let i = 0; running; i += 1) {
      const body = JSON.stringify({ key: text(`k${number}`), value: text(i) });
      const answer = await fetch(url, { method: "POST", body }).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) answered += 1;
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  return {
    async stop() {
      running = false;
      await Promise.all(clients);
      return answered;
    },
  };
}

/** The bytes that are still used after all garbage is gone. */
async function used(session) {
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

test(`${MINUTES} minutes at full load take no more memory`, { skip }, (context) =>
  visit("#live", {}, async (tab) => {
    await tab.locator(".node.roleL").first().waitFor(WAIT);
    const { members } = await (await fetch(new URL("api/members", page))).json();
    const session = await tab.context().newCDPSession(tab);
    const writes = load(members.map(({ client }) => client));
    const began = performance.now();
    try {
      await tab.waitForTimeout(WARM_MS);
      const before = await used(session);
      const end = performance.now() + MINUTES * 60_000;
      let most = 0;
      while (performance.now() < end) {
        await tab.waitForTimeout(Math.min(10_000, Math.max(0, end - performance.now())));
        most = Math.max(most, await used(session));
      }
      const after = await used(session);
      context.diagnostic(`${before} bytes, ${after} at the end, ${most} at most`);
      assert.ok(after < SLACK.factor * before + SLACK.bytes, `${before} bytes, then ${after}`);
    } finally {
      const answered = await writes.stop();
      const seconds = (performance.now() - began) / 1000;
      context.diagnostic(`${Math.round(answered / seconds)} writes a second`);
    }
    assert.match(await tab.locator("#figures").innerText(), /ms|µs/, "the figures are told");
  }),
);
