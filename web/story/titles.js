// @ts-check
// What the chapters are called, in each language.

/** @type {Record<string, {en: string, zh: string}>} */
export const TITLES = {
  one: { en: "One node is easy", zh: "单个节点" },
  many: { en: "Many nodes, one answer", zh: "众多节点，一个答案" },
  states: { en: "Three states", zh: "三种状态" },
  timers: { en: "Two timers", zh: "两个计时器" },
  election: { en: "Winning an election", zh: "领导者选举" },
  stop: { en: "Stop the leader", zh: "停掉领导者" },
  split: { en: "Split vote", zh: "选票瓜分" },
  replicate: { en: "Log replication", zh: "日志复制" },
  partition: { en: "Two leaders, one truth", zh: "两个领导者，一个事实" },
  repair: { en: "Log repair", zh: "日志修复" },
  mayLead: { en: "Who may lead", zh: "谁可以领导" },
  disk: { en: "Crash and disk", zh: "崩溃与磁盘" },
  snapshots: { en: "Snapshots", zh: "快照" },
  members: { en: "Changing the members", zh: "成员变更" },
  reads: { en: "Reads and the past", zh: "读，以及过去" },
  break: { en: "Your turn", zh: "轮到你" },
};
