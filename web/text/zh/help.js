// @ts-check
// The words of the list of keys, in Chinese.

/** @type {typeof import("../en/help.js").default} */
export default {
  helpSpace: "播放，或定住画面",
  helpArrows: "上一个、下一个事件",
  helpShift: "上一次、下一次角色变化、提交或故障",
  helpSpeed: "放慢、加快",
  helpEnds: "放映的开头与结尾",
  helpEscape: "回到实时",
  helpReplay: "回放最近一次选举",
  helpWrite: "写入一个值",
  helpChapter: "上一章、下一章",
  helpMember: "选择成员",
  helpMessage: "选择途中的消息",
  helpLanguage: "中文或英文；明或暗",
  helpMs: "后退、前进一毫秒",
  helpCut: "切断所选成员的网络，恢复网络",
  helpDrop: "丢弃所选消息",
  helpStop: "停止或启动所选成员",
};
