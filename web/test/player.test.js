import assert from "node:assert/strict";
import { test } from "node:test";
import { Player } from "../show/player.js";
import { blank } from "../model/fold.js";
import { Recording } from "../model/recording.js";

const RECORDS = [
  { t: 1000, n: "A", k: "st", role: "C", term: 2, vote: "A", lead: null },
  { t: 1500, n: "A", k: "tm", dur: 1, dl: 1 },
  { t: 2000, n: "A", k: "tx", id: 1, to: "B", m: "RV", term: 2, b: {} },
  { t: 2100, n: "B", k: "rx", from: "A", id: 1 },
  { t: 9000, n: "A", k: "st", role: "L", term: 2, vote: "A", lead: "A" },
];

function opened(playing = false) {
  const recording = new Recording(blank(["A", "B"]));
  for (const record of RECORDS) recording.add(record);
  const player = new Player();
  player.open({ recording, from: 0, to: 10_000, origin: 0, title: "" }, { playing });
  return player;
}

const t = (player) => Math.round(player.t);

test("stepping goes from event to event, in both directions, and ends at the ends", () => {
  const player = opened(true);
  const forth = Array.from({ length: 6 }, () => (player.step(1, false), t(player)));
  assert.deepEqual(forth, [1000, 2000, 2100, 9000, 10_000, 10_000]);
  assert.equal(player.playing, false);
  const back = Array.from({ length: 5 }, () => (player.step(-1, false), t(player)));
  assert.deepEqual(back, [9000, 2100, 2000, 1000, 0]);
});

test("stepping by changes leaves messages out", () => {
  const player = opened();
  assert.deepEqual(
    Array.from({ length: 3 }, () => (player.step(1, true), t(player))),
    [1000, 9000, 10_000],
  );
});

test("playing stops at the end and begins anew from there", () => {
  const player = opened(true);
  player.advance(1000);
  assert.ok(player.t > 0);
  player.advance(1e9);
  assert.deepEqual([t(player), player.playing], [10_000, false]);
  player.toggle();
  assert.deepEqual([t(player), player.playing], [0, true]);
});

test("speed changes how fast the story passes and what the bar says", () => {
  const player = opened(true);
  const { rate } = player;
  player.faster(1);
  assert.equal(player.rate, rate / 2);
  player.faster(-1);
  player.faster(-1);
  assert.equal(player.rate, rate * 2);
  player.advance(1000);
  assert.equal(player.story, 500);
});

test("the director passes over what is quiet, at the same moment and without losing any", () => {
  const player = opened();
  player.seekTime(5000);
  const { length } = player.warp;
  player.direct();
  assert.equal(player.directed, true);
  assert.ok(player.warp.length <= length);
  assert.ok(Math.abs(player.t - 5000) < 1e-3);
  player.direct();
  assert.equal(player.warp.length, length);
});

test("it rests where it was told to, once", () => {
  const player = opened(true);
  player.rest = 2000;
  player.advance(1e9);
  assert.deepEqual([t(player), player.playing], [2000, false]);
  player.toggle();
  player.advance(1e9);
  assert.deepEqual([t(player), player.playing], [10_000, false]);
});
