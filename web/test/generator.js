// @ts-check
// A seeded stream of records of every kind. It is no cluster: terms and logs make sense for each
// member by itself, which is all that the fold asks for.

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(/** @type {number} */ seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {number} seed
 * @param {number} count
 * @param {string[]} names
 * @returns {any[]} in the order in which they would come: of one member by time, of all nearly so
 */
export function stream(seed, count, names = ["A", "B", "C"]) {
  const next = random(seed);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const members = new Map(names.map((name) => [name, { term: 1, last: 0, ci: 0, ai: 0, id: 0 }]));
  const sent = [];
  let now = 1_000_000;
  const records = names.map((name) => key(name, now, members.get(name)));
  for (let i = 0; i < count; i += 1) {
    now += Math.floor(next() * 900);
    const n = pick(names);
    const member = members.get(n);
    records.push({ t: now, n, ...body(pick(KINDS), n, member, { next, pick, now, names, sent }) });
  }
  // Members tell their records by streams of their own, so those of one may come late.
  const late = new Map(names.map((name) => [name, Math.floor(next() * 60_000)]));
  const came = (record) => record.t + (late.get(record.n) ?? 0);
  return records.sort((a, b) => came(a) - came(b)).map((record, i) => ({ i, ...record }));
}

const KINDS = [
  "st",
  "tm",
  "tx",
  "tx",
  "tx",
  "rx",
  "rx",
  "dx",
  "ap",
  "ap",
  "tr",
  "ci",
  "ax",
  "op",
  "net",
  "ft",
  "gap",
  "key",
  "new",
];

function body(kind, n, member, { next, pick, now, names, sent }) {
  switch (kind) {
    case "key":
      return key(n, now, member);
    case "st":
      member.term += Math.floor(next() * 2);
      return {
        k: "st",
        role: pick(["F", "P", "C", "L", "X"]),
        term: member.term,
        vote: pick([null, ...names]),
        lead: pick([null, ...names]),
      };
    case "tm":
      return { k: "tm", dur: 200_000, dl: now + 200_000 };
    case "tx": {
      member.id += 1;
      sent.push({ from: n, id: member.id });
      return {
        k: "tx",
        id: member.id,
        to: pick(names),
        m: pick(["HB", "AE", "RV", "RVR"]),
        term: member.term,
        b: { ok: next() < 0.5, e: [] },
      };
    }
    case "rx":
    case "dx":
      return {
        k: kind,
        ...(pick(sent) ?? { from: n, id: 0 }),
        ...(kind === "dx" ? { why: "test" } : {}),
      };
    case "ap": {
      const e = Array.from({ length: 1 + Math.floor(next() * 3) }, (_, i) => [
        member.last + 1 + i,
        member.term,
        `put ${pick("abc")} ${i}`,
      ]);
      member.last += e.length;
      return { k: "ap", e };
    }
    case "tr": {
      const from = Math.max(1, member.last - Math.floor(next() * 3));
      const lost = member.last >= from ? [[member.last, member.term, "noop"]] : [];
      member.last = Math.min(member.last, from - 1);
      return { k: "tr", from, lost };
    }
    case "ci":
      member.ci = Math.max(member.ci, member.last);
      return { k: "ci", ci: member.ci };
    case "ax":
      member.ai = member.ci;
      return { k: "ax", ai: member.ai, set: [[pick("abcd"), pick([null, "1", "2"])]] };
    case "op":
      return {
        k: "op",
        by: pick(["c1", "c2", undefined]),
        op: `${n}:${now}`,
        ...pick([{ ph: "inv", cmd: "put a 1" }, { ph: "ok" }, { ph: "fail" }]),
      };
    case "net":
      return { k: "net", n: undefined, cut: next() < 0.3 ? [] : [[pick(names), pick(names)]] };
    case "ft":
      return { k: "ft", f: pick(["stop", "pause", "resume", "start"]) };
    case "gap":
      return { k: "gap", lost: 3 };
    default:
      return { k: "kind of tomorrow", x: 1 };
  }
}

function key(n, t, member) {
  const log = member.last > 0 ? [[member.last, member.term, "noop"]] : [];
  return {
    t,
    n,
    k: "key",
    role: "F",
    term: member.term,
    vote: null,
    lead: null,
    log,
    first: member.last || 1,
    ci: member.ci,
    ai: member.ai,
    kv: [["a", "1"]],
    tm: null,
  };
}
