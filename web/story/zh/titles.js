// @ts-check
// What the chapters are called in Chinese, and, by the names of their traces, the rules that may be
// missing.

/** @type {Record<string, string>} */
export default {
  one: "单个节点",
  many: "众多节点，一个答案",
  states: "三种状态",
  timers: "两个计时器",
  election: "领导者选举",
  stop: "停掉领导者",
  split: "选票瓜分",
  replicate: "日志复制",
  partition: "两个领导者，一个事实",
  repair: "日志修复",
  mayLead: "谁可以领导",
  disk: "崩溃与磁盘",
  snapshots: "快照",
  members: "成员变更",
  reads: "读，以及过去",
  break: "轮到你",
  no_hint: "没有提示",
  stale_vote: "谁来都投",
  old_term_commit: "旧条目也数副本",
  lying_disk: "会撒谎的磁盘",
  one_jump: "一步到位",
  slow_clock: "走慢的时钟",
};
