// @ts-check
// The words of the events, in Chinese.

/** @type {typeof import("../en/events.js").default} */
export default {
  evElected: "{name} 领导任期 {term}",
  evCandidate: "{name} 成为任期 {term} 的候选人",
  evPre: "{name} 先问能否胜出",
  evVotes: "{name} 在任期 {term} 投给 {vote}",
  evFollows: "{name} 在任期 {term} 跟随",
  evStopped: "{name} 被停止",
  evPaused: "{name} 被暂停",
  evResumed: "{name} 继续运行",
  evStarted: "{name} 被启动",
  evCommit: "{name} 提交到 {ci}",
  evAppend: "{name} 追加 {entry}",
  evTruncate: "{name} 从 {from} 起截断",
  evGap: "{name} 有 {lost} 条记录被略去",
  evRequest: "{name} 收到请求：{cmd}",
  evAnswer: "{name} 答复了一个请求",
  evRefuse: "{name} 拒绝了一个请求",
  evLost: "{name} 带着一个请求消失了",
  evCut: "这些链路断了：{links}",
  evAct: "要求：{what}",
  evActNot: "做不到：{what}，{why}",
  evHealed: "网络恢复完整",
  evBroken: "有一条规则被打破：{what}",
};
