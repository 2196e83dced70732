// @ts-check
// The words of the inspector, in Chinese.

/** @type {typeof import("../en/inspect.js").default} */
export default {
  inspectHint: "在画面上选一个成员或一条消息。",
  wordTerm: "任期",
  wordAfter: "接在",
  wordLast: "日志末尾",
  wordEntries: "条目",
  wordCommit: "提交到",
  wordGranted: "同意",
  wordUpTo: "到",
  wordIndex: "索引",
  wordSnapshot: "快照至",
  wordBytes: "起始字节",
  wordLeaves: "发出还需",
  wordUnderWay: "已在途中",
  wordDropped: "丢失",
  wordArrives: "抵达还需",
  wordArrived: "已抵达",
  wordAfterTime: "历时 {time}",
  wordVote: "投给",
  wordLeader: "领导者",
  wordCommitted: "已提交",
  wordApplied: "已应用",
  wordTimer: "计时还剩",
  wordMatched: "{name} 已有到",
  yes: "是",
  no: "否",
};
