// @ts-check
// Chapter 10 in Chinese, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede: "同样的日志，但这个引擎在拒绝时只说不。领导者一次退一个条目，论文里这条规则最初就是这样。",
  beats: [
    ["各在一边", "{old} 继续接请求，继续追加，却一条也提交不了。"],
    ["另一边", "与此同时 {leader} 领导任期 {term}，日志走上了另一条路。"],
    ["对得上吗", "墙没有了。{leader} 问 {old} 有没有自己日志的末尾。"],
    ["对不上", "{old} 拒绝，{leader} 从中得知的也只有这个不字。"],
    ["截断", "问了 {trips} 次才找到地方。{old} 去掉自己的尾部。"],
    ["又一样了", "到头来什么也没错，只是慢了些。"],
  ],
  checks: ["日志一致之前的往返次数：{trips}", "被抹去的已提交条目：{erased}"],
};
