// Drives the playground and the opening of traces in a running `quorate demo`.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node --test play.test.js

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isSound, LOOKS, skip, until, visit, WAIT } from "./browser.js";

const SAMPLES = new URL("../../crates/trace/tests/samples.ndjson", import.meta.url);
/** A moment at which a leader is elected and nothing else goes on. */
const PLACE = "#play?s=five&seed=5&until=2000&t=600000";

/** What the browser itself says on the console of a request that was refused. */
const REFUSED =
  "Failed to load resource: the server responded with a status of 400 (Bad Request)";

const button = (tab, name) => tab.getByRole("button", { name, exact: true });
const branches = (tab) => tab.locator("#branches li");

/** Opens the playground, and waits for its leader, whose name it gives to the test. */
function play(options, run, place = PLACE) {
  return visit(place, options, async (tab) => {
    const leader = tab.locator(".node.roleL");
    await leader.first().waitFor({ ...WAIT, state: "attached" });
    await run(tab, await leader.first().getAttribute("data-name"));
  });
}

/** Acts, and waits for the run that comes of it. */
async function act(tab, press) {
  const before = await branches(tab).count();
  await press();
  await until(
    tab,
    (count) => document.querySelectorAll("#branches li").length > count,
    Math.max(1, before),
  );
}

/** Waits until there is none: what is on the stage is drawn with the next frame. */
const gone = (tab, selector) =>
  until(tab, (selector) => document.querySelector(selector) === null, selector);

/** What the last run was asked for, beside the time. */
const did = async (tab) => (await tab.locator("#branches b").last().textContent()).split(" · ")[1];

test("stop, start, cut, heal: each makes a run of its own", { skip }, () =>
  play({}, async (tab, leader) => {
    await act(tab, () => button(tab, `Stop ${leader}`).click());
    await tab.locator(`.node.roleX[data-name=${leader}]`).waitFor(WAIT);
    await tab.locator(`.node[data-name=${leader}]`).click();
    await act(tab, () => button(tab, `Start ${leader}`).click());
    assert.equal(await did(tab), `start:${leader}`);
    await act(tab, () => button(tab, `Cut ${leader} off`).click());
    await tab
      .locator("#stage .wall")
      .first()
      .waitFor({ ...WAIT, state: "attached" });
    await act(tab, () => button(tab, "Heal the network").click());
    await gone(tab, "#stage .wall");
    assert.equal(await branches(tab).count(), 5);
  }),
);

test("one way of a link is cut with the matrix, and mended", { skip }, () =>
  play({}, async (tab) => {
    await act(tab, () => button(tab, "n1 reaches n2: cut").click());
    assert.equal(await did(tab), "cut:n1~n2");
    await tab.locator("#stage .closed").waitFor({ ...WAIT, state: "attached" });
    await act(tab, () => button(tab, "n1 does not reach n2: mend").click());
    await gone(tab, "#stage .closed");
  }),
);

test("a client writes, and reads in both modes", { skip }, () =>
  play({}, async (tab, leader) => {
    await tab.locator("#acts [name=key]").fill("colour");
    await tab.locator("#acts [name=value]").fill("blue");
    await act(tab, () => tab.locator("[data-ask=put]").click());
    assert.equal(await did(tab), `put:${leader}:colour:blue`);
    await tab.keyboard.press("End");
    await until(tab, () =>
      [...document.querySelectorAll(".node .value")].every((one) => one.textContent === "blue"),
    );
    await act(tab, () => tab.locator("[data-ask=get]").click());
    assert.match(await did(tab), /^get:n\d:colour:c2$/);
    await tab.locator("#acts [name=mode]").selectOption("local");
    await act(tab, () => tab.locator("[data-ask=get]").click());
    assert.match(await did(tab), /:local:c2$/);
  }),
);

test("members, clocks, disks, snapshots and power", { skip }, () =>
  play({}, async (tab, leader) => {
    await act(tab, () => button(tab, "Take a snapshot").click());
    assert.equal(await did(tab), `snap:${leader}`);
    await tab.getByText("Membership", { exact: true }).click();
    await act(tab, () => button(tab, "Add n6 as learner").click());
    await tab.keyboard.press("End");
    await tab.locator(".node.learner[data-name=n6]").waitFor({ ...WAIT, state: "attached" });
    await tab.getByText(/^Clock and disk/).click();
    await act(tab, () => tab.locator("[data-ask=skew]").click());
    assert.match(await did(tab), /^skew:n\d:100$/);
    await act(tab, () => tab.locator("[data-ask=disk]").click());
    assert.match(await did(tab), /^disk:n\d:40$/);
    await act(tab, () => button(tab, "Cut its power").click());
    assert.match(await did(tab), /^power:n\d$/);
  }),
);

test("power, pauses and the lead", { skip }, () =>
  play({}, async (tab, leader) => {
    await act(tab, () => button(tab, "Pause it").click());
    await tab.locator(`.node.paused[data-name=${leader}]`).waitFor(WAIT);
    await tab.locator(`.node[data-name=${leader}]`).click();
    await act(tab, () => button(tab, `Resume ${leader}`).click());
    await gone(tab, ".node.paused");
    await tab.locator(`#acts [data-target=${leader === "n3" ? "n4" : "n3"}]`).click();
    await act(tab, () => button(tab, "Let it lead").click());
    assert.match(await did(tab), /^lead:n[34]$/);
    await tab.keyboard.press("End");
    const next = (await did(tab)).slice(5);
    await tab.locator(`.node.roleL[data-name=${next}]`).waitFor(WAIT);
  }),
);

test("any side is cut off from the rest", { skip }, () =>
  play({}, async (tab) => {
    await tab.locator("#acts [name=side][value=n4]").check();
    await tab.locator("#acts [name=side][value=n5]").check();
    await act(tab, () => button(tab, "Cut these off from the rest").click());
    assert.equal(await did(tab), "cut:n4.n5-n1.n2.n3");
    await tab.locator("#stage .wall").first().waitFor({ ...WAIT, state: "attached" });
    assert.equal(await tab.locator("#stage .link.gone").count(), 6);
  }),
);

test("voters come, change and go", { skip }, () =>
  play({}, async (tab, leader) => {
    await tab.getByText("Membership", { exact: true }).click();
    const other = leader === "n1" ? "n2" : "n1";
    await tab.locator(`#acts [data-target=${other}]`).click();
    for (const [name, action] of [
      ["Add n6", "add:n6"],
      [`Make ${other} a learner`, `demote:${other}`],
      [`Let ${other} vote`, `promote:${other}`],
      [`Remove ${other}`, `remove:${other}`],
      [`Swap ${other} for n6, jointly`, `joint:${other}-n6`],
    ]) {
      const [first] = await tab.locator("#branches button").all();
      await first?.click();
      await act(tab, () => button(tab, name).click());
      assert.equal(await did(tab), action);
    }
    await tab.keyboard.press("End");
    await tab.locator(".node[data-name=n6]").waitFor(WAIT);
  }),
);

test("a read under a lease is answered by the leader alone", { skip }, () =>
  play(
    {},
    async (tab, leader) => {
      await act(tab, () => tab.locator("[data-ask=put]").click());
      await tab.keyboard.press("End");
      await tab.locator(`#acts [data-target=${leader}]`).click();
      await tab.keyboard.press("ArrowLeft");
      await act(tab, () => tab.locator("[data-ask=get]").click());
      assert.match(await did(tab), /^get:n\d:x:c2$/);
    },
    "#play?s=lease&seed=1&until=2000&t=900000",
  ),
);

test("one steps by events and by their kind", { skip }, () =>
  play({}, async (tab) => {
    await tab.getByRole("tab", { name: "Events" }).click();
    const rows = () => tab.locator("#events tr").allTextContents();
    await tab.keyboard.press("Home");
    await tab.locator("#event-kind").selectOption("commit");
    await tab.locator("#event-kind").blur();
    for (let i = 1; i <= 3; i += 1) {
      await tab.keyboard.press("Shift+ArrowRight");
      await until(tab, (n) => document.querySelectorAll("#events tr").length >= n, i);
    }
    assert.ok((await rows()).every((row) => row.includes("commits")), String(await rows()));
    const count = await tab.locator("#count").textContent();
    await button(tab, "Next event").click();
    await until(tab, (was) => document.querySelector("#count").textContent !== was, count);
  }),
);

test("the speed is changed, and quiet stretches pass quickly or not", { skip }, () =>
  play({}, async (tab) => {
    const speed = () => tab.locator("#speed").textContent();
    const first = await speed();
    await button(tab, "Faster").click();
    await until(tab, (was) => document.querySelector("#speed").textContent !== was, first);
    await button(tab, "Slower").click();
    await until(tab, (was) => document.querySelector("#speed").textContent === was, first);
    await tab.locator("#speed[aria-pressed=true]").click();
    await tab.locator("#speed[aria-pressed=false]").waitFor(WAIT);
    assert.notEqual(await speed(), first);
  }),
);

test("a rule that is broken is shown with its witness", { skip }, () =>
  play(
    {},
    async (tab) => {
      await tab.locator("#claims .broken", { hasText: "One leader in each term" }).waitFor(WAIT);
      const told = await tab.locator("#claims .broken p").first().textContent();
      assert.match(told, /^Broken at [\d.]+ ms: n\d contradicts n\d at T1$/);
      await isSound(tab);
    },
    "#play?s=apart&seed=1&until=600&t=400000",
  ),
);

for (const [name, what] of [
  ["Drop", "drop"],
  ["Delay by 60 ms", "late"],
  ["Duplicate", "twice"],
]) {
  test(`a message that is under way: ${what}`, { skip }, () =>
    play({}, async (tab) => {
      for (let i = 0; i < 80; i += 1) {
        await tab.keyboard.press("ArrowRight");
        await tab.keyboard.press("m");
        if ((await button(tab, name).count()) > 0) break;
        await tab.waitForTimeout(150);
        if ((await button(tab, name).count()) > 0) break;
      }
      await tab
        .locator("#stage .flight .choice")
        .first()
        .waitFor({ ...WAIT, state: "attached" });
      await act(tab, () => button(tab, name).click());
      assert.match(await did(tab), new RegExp(`^${what}:n\\d:\\d+`));
    }),
  );
}

test("runs are kept and can be compared at one moment", { skip }, () =>
  play({}, async (tab, leader) => {
    await act(tab, () => button(tab, `Stop ${leader}`).click());
    await tab.keyboard.press("End");
    await until(tab, () => document.querySelector("#clock").textContent === "2000.00");
    const states = () => tab.locator("#branches small").allTextContents();
    const [first, second] = await states();
    assert.match(first, new RegExp(`^${leader} leads term 1`));
    assert.doesNotMatch(second, new RegExp(`^${leader} `));
    await branches(tab).first().getByRole("button").click();
    await tab.locator(`.node.roleL[data-name=${leader}]`).waitFor(WAIT);
    assert.equal(await tab.locator("#clock").textContent(), "2000.00");
  }),
);

test("a link holds scenario, seed, actions and time", { skip }, () =>
  play({}, async (tab, leader) => {
    await act(tab, () => button(tab, `Stop ${leader}`).click());
    await tab.keyboard.press("End");
    await tab.locator("#share").click();
    const link = new URL(tab.url()).hash;
    assert.match(link, /^#play\?s=five&seed=5&a=600stop:n\d&until=2000&t=2000000$/);
    const seen = () =>
      tab.evaluate(() =>
        [...document.querySelectorAll("#told tr")].map((row) => row.textContent).join("\n"),
      );
    // The table follows the picture, a few frames later.
    let before;
    do {
      before = await seen();
      await tab.waitForTimeout(300);
    } while (before === "" || before !== (await seen()));
    await tab.goto("about:blank");
    await tab.goto(new URL(link, process.env.QUORATE_PAGE).href);
    await until(
      tab,
      (wanted) => {
        const rows = [...document.querySelectorAll("#told tr")];
        return rows.map((row) => row.textContent).join("\n") === wanted;
      },
      before,
    );
  }),
);

test("with the keyboard alone: choose, stop, cut, heal, drop", { skip }, () =>
  play({}, async (tab, leader) => {
    const place = Number(leader.slice(1));
    const other = place === 1 ? 2 : 1;
    await tab.keyboard.press(String(other));
    await tab.locator(`.node.chosen[data-name=n${other}]`).waitFor(WAIT);
    await act(tab, () => tab.keyboard.press("s"));
    assert.equal(await did(tab), `stop:n${other}`);
    await act(tab, () => tab.keyboard.press("p"));
    assert.equal(await did(tab), `cut:n${other}`);
    await act(tab, () => tab.keyboard.press("h"));
    assert.equal(await did(tab), "heal");
    await tab.keyboard.press("Escape");
    await gone(tab, ".node.chosen");
  }),
);

test("another cluster, another seed", { skip }, () =>
  play({}, async (tab) => {
    await tab.locator("#run [name=scenario]").selectOption("seven");
    await until(tab, () => document.querySelectorAll(".node").length === 7);
    const seed = tab.locator("#run [name=seed]");
    const before = await seed.inputValue();
    await button(tab, "Another seed").click();
    await until(tab, (old) => document.querySelector("#run [name=seed]").value !== old, before);
  }),
);

test("what the engine refuses is said", { skip }, () =>
  visit("#play?s=nowhere", { says: [REFUSED] }, async (tab) => {
    await tab.locator("#play-result.bad", { hasText: "there is no scenario" }).waitFor(WAIT);
  }),
);

for (const [what, options] of Object.entries(LOOKS)) {
  test(`the playground is sound: ${what}`, { skip }, () =>
    play(options, async (tab, leader) => {
      await tab.keyboard.press(leader.slice(1));
      await act(tab, () => tab.keyboard.press("p"));
      await isSound(tab);
      await tab.keyboard.press("m");
      await isSound(tab);
    }),
  );
}

test("a trace is opened, stepped through and saved again", { skip }, () =>
  visit("#open", {}, async (tab) => {
    await tab.getByRole("heading", { level: 1, name: "Open a trace" }).waitFor(WAIT);
    await isSound(tab);
    await tab.setInputFiles("#open-file", {
      name: "samples.ndjson",
      mimeType: "application/x-ndjson",
      buffer: readFileSync(SAMPLES),
    });
    await tab.getByRole("heading", { level: 1, name: "samples.ndjson" }).waitFor(WAIT);
    await tab
      .locator(".node")
      .first()
      .waitFor({ ...WAIT, state: "attached" });
    await tab.keyboard.press("Home");
    const count = () => tab.locator("#count").textContent();
    const start = await count();
    await tab.keyboard.press("ArrowRight");
    await until(tab, (was) => document.querySelector("#count").textContent !== was, start);
    await isSound(tab);
    for (const kind of ["NDJSON", "SVG", "PNG"]) {
      await tab.locator("#export summary").click();
      const [file] = await Promise.all([tab.waitForEvent("download"), button(tab, kind).click()]);
      const content = readFileSync(await file.path());
      assert.ok(content.length > 500, kind);
      if (kind === "NDJSON") assert.deepEqual(content, readFileSync(SAMPLES));
      if (kind === "SVG") assert.match(content.toString(), /^<svg [^>]*xmlns=/);
      if (kind === "PNG") assert.equal(content.subarray(1, 4).toString(), "PNG");
    }
  }),
);

test("a file that is no trace is refused with its line", { skip }, () =>
  visit("#open", {}, async (tab) => {
    await tab.locator("#open-file").waitFor({ ...WAIT, state: "attached" });
    await until(tab, () => document.querySelector("#open-title").textContent !== "");
    await tab.setInputFiles("#open-file", {
      name: "shopping.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("milk\n"),
    });
    await tab.locator("#open-result.bad", { hasText: "line 1" }).waitFor(WAIT);
  }),
);

test("a file is dropped on another face", { skip }, () =>
  visit("#play", {}, async (tab) => {
    await tab
      .locator(".node")
      .first()
      .waitFor({ ...WAIT, state: "attached" });
    const text = readFileSync(SAMPLES, "utf8");
    await tab.evaluate((content) => {
      const files = new DataTransfer();
      files.items.add(new File([content], "dropped.ndjson"));
      window.dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
    }, text);
    await tab.getByRole("heading", { level: 1, name: "dropped.ndjson" }).waitFor(WAIT);
  }),
);
