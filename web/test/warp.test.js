import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_RATE, QUIET_RATE, TOP_RATE, Warp } from "../model/warp.js";
import { random } from "./generator.js";

const flight = (t0, t1) => ({
  key: `${t0}`,
  from: "A",
  to: "B",
  m: "RV",
  term: 1,
  b: {},
  t0,
  t1,
  dropped: false,
});

test("story and trace time are inverse and never run back", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const next = random(seed);
    const starts = Array.from({ length: 30 }, () => Math.floor(next() * 300_000)).sort(
      (a, b) => a - b,
    );
    const warp = new Warp(
      0,
      300_000,
      starts.map((t0) => flight(t0, t0 + 40 + Math.floor(next() * 4000))),
    );
    let before = -1;
    for (let t = 0; t <= 300_000; t += 997) {
      const story = warp.story(t);
      assert.ok(story > before);
      assert.ok(Math.abs(warp.time(story) - t) < 1e-3);
      before = story;
    }
    assert.equal(warp.segments[0].t0, 0);
    assert.equal(warp.segments.at(-1).t1, 300_000);
  }
});

test("nothing under way runs at 1/50, and nothing runs faster", () => {
  assert.deepEqual(
    new Warp(0, 200_000, []).segments.map(({ rate }) => rate),
    [BASE_RATE],
  );
  const warp = new Warp(0, 200_000, [flight(100_000, 100_120), flight(150_000, 170_000)]);
  assert.ok(warp.segments.every(({ rate }) => rate >= BASE_RATE && rate <= TOP_RATE));
  assert.equal(warp.rate(warp.story(50_000)), BASE_RATE);
});

test("a flight of a hundred microseconds is seen for most of a second", () => {
  const warp = new Warp(0, 200_000, [flight(100_000, 100_100), flight(99_000, 109_000)]);
  const seen = warp.story(100_100) - warp.story(100_000);
  assert.ok(seen >= 700_000 && seen <= 1_000_000, `${seen}`);
});

test("many messages do not make a replay endless", () => {
  const many = Array.from({ length: 2000 }, (_, i) => flight(i * 150, i * 150 + 100));
  assert.ok(new Warp(0, 300_000, many).length < 60_000_000);
});

test("beyond its ends it stays at its ends, even when empty", () => {
  const warp = new Warp(100, 200, []);
  assert.deepEqual(
    [warp.time(-5), warp.time(1e9), warp.story(0), warp.story(900)],
    [100, 200, 0, 5000],
  );
  assert.deepEqual([new Warp(0, 0, []).time(7), new Warp(0, 0, []).length], [0, 0]);
});

test("where only heartbeats are to be seen it runs faster, if it is told what is worth it", () => {
  const beat = { ...flight(40_000, 60_000), m: "HB" };
  const vote = flight(140_000, 160_000);
  const warp = new Warp(0, 300_000, [beat, vote], [{ from: 200_000, to: 220_000 }]);
  const rate = (t) => warp.rate(warp.story(t) + 1);
  assert.equal(rate(50_000), QUIET_RATE);
  assert.equal(rate(150_000), BASE_RATE);
  assert.equal(rate(210_000), BASE_RATE);
  assert.equal(rate(250_000), QUIET_RATE);
});

test("the rate is that of the slowest stretch under way, as by looking at all of them", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const next = random(seed);
    const flights = Array.from({ length: 25 }, () => {
      const t0 = Math.floor(next() * 100_000);
      return flight(t0, t0 + 100 + Math.floor(next() * 3000));
    });
    const { segments } = new Warp(0, 110_000, flights, null);
    for (const { t0, t1, rate } of segments) {
      const middle = (t0 + t1) / 2;
      const under = flights.filter(
        (one) => one.t0 <= middle && middle <= one.t0 + 1.25 * (one.t1 - one.t0),
      );
      const alone = under.map((one) =>
        new Warp(0, 110_000, [one], null).rate(new Warp(0, 110_000, [one], null).story(middle)),
      );
      assert.equal(rate, Math.max(BASE_RATE, ...alone));
    }
  }
});
