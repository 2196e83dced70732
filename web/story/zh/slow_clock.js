// @ts-check
// Chapter 15 in Chinese, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede: "引擎原样不动，用了租约：只要别人还不可能当选，领导者就可以独自答复读请求。这段时间它按自己的钟来数，而那只钟不准。",
  beats: [
    ["走慢的钟", "从这一刻起，{old} 的时钟慢 {permille} ‰。租约只容得下 50。"],
    ["被隔开", "{old} 正在领导，却被隔开了。它的租约还在走。"],
    ["别人当选", "按别人的钟，时间已经够了：{leader} 当选。按 {old} 自己的钟，租约还没到期。"],
    ["世界向前", "`x` 变成 {after}，客户端得到确认。"],
    ["过去", "客户端去问 {old}，它谁也不问，就答了 {before}。"],
  ],
  checks: ["{after} 已经确认之后，{old} 还答 {before}"],
};
