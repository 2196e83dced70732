// @ts-check
// Chapter 11 in Chinese, without a rule.

/** @type {import("../types.js").Harm} */
export default {
  lede: "这个引擎与我们的只差一条规则：谁先来问就投给谁，不管候选人的日志怎样。",
  beats: [
    ["落在后面", "有一个成员被隔开，错过了现在写入的东西。"],
    ["已确认", "其余的是多数派：`{cmd}` 已提交，{acked} 时客户端得到确认。"],
    [
      "不该投的一票",
      "原来的领导者不在了。{voter} 持有 `{cmd}`，却把票投给没有它的 {stale}。",
    ],
    ["它领导了", "{stale} 领导任期 {term}，缺着已提交的条目。"],
    ["被抹掉", "跟随者以领导者的日志为准。{victim} 截掉了自己承诺持有的条目。"],
  ],
  checks: ["{stale} 领导任期 {term}，却没有 `{cmd}`", "{victim} 删掉了确认过的条目"],
};
