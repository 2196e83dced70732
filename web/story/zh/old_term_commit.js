// @ts-check
// Chapter 11 in Chinese, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede:
    "这个引擎与我们的只差一条规则：领导者可以数任何条目的副本，哪怕是前任写下的。这就是 Raft 论文的图 8，原样录下。",
  beats: [
    [
      "一次写入留在半路",
      "{old} 领导任期 {oldTerm}，却只和另一个成员隔在一起。`{cmd}` 到了五块磁盘中的两块，{old} 就死了。",
    ],
    [
      "另一位领导者",
      "{second} 领导任期 {secondTerm}，追加了一个谁也没收到的条目，也死了。它的日志末尾从此属于更新的任期。",
    ],
    ["写入继续扩散", "{third} 有 `{cmd}`，它领导任期 {thirdTerm}，接着把它复制下去。"],
    [
      "数得太早",
      "五个里有三个持有 `{cmd}`，{third} 就提交了。缺的那条规则会说：先等任期 {thirdTerm} 自己的条目也有这么多副本。",
    ],
    [
      "没了",
      "{third} 死了。{last} 的日志末尾是任期 {secondTerm}，比 `{cmd}` 的任期新，别人就投给它。它领导任期 {lastTerm}，却没有那个条目。",
    ],
  ],
  checks: ["`{cmd}` 曾被 {third} 提交", "{last} 领导任期 {lastTerm}，却没有它"],
};
