// @ts-check
// The story in Chinese: how one leader follows another.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  stop: {
    lede: "领导者的机器死了。没有谁去通知别人，它们从沉默里察觉。然后，集群自己救自己。",
    beats: [
      ["一切正常", "{old} 领导任期 {oldTerm}，它的心跳填满每一个环。"],
      ["它不在了", "{old} 被停掉。磁盘上的还在，其余的都没了。"],
      ["沉默", "心跳不再来。最先走完的是 {first} 的环。"],
      ["新领导者", "{leader} 领导任期 {term}。从第一次缺失的心跳到这一刻，用了 {down}。"],
      ["它回来了", "{old} 带着磁盘上的记忆启动，还停在任期 {oldTerm}。"],
      ["它跟随", "一条带着更新任期的消息就够了：{old} 跟随 {leader}。"],
    ],
    ask: {
      question: "集群会有多久没有领导者？",
      options: ["一刻也不会", "大约 100 到 400 毫秒", "直到有人来修"],
      why: "大约是一次选举计时，再加两轮消息。客户端就等这么久，不会更久。",
    },
    checks: ["任期 {term} 大于任期 {oldTerm}", "没有领导者的时间：{down}"],
  },
  split: {
    lede: "两个计时几乎同时走完。同一任期里有了两个候选人，各得几票，谁都不够。",
    beats: [
      ["两个同时", "{first} 和 {second} 都是任期 {term} 的候选人，都已投给自己。"],
      ["没有多数", "票被两边分走，而每个成员只有一票。任期 {term} 不会有领导者了。"],
      ["重新计时", "双方再等一次，各抽一个新的长度。这回 {again} 先走完。"],
      ["领导者", "{leader} 领导任期 {last}。浪费了一个任期，但没有造成任何损害。"],
    ],
    ask: {
      question: "第二次谁赢，由什么决定？",
      options: ["编号小的", "运气", "日志长的"],
      why: "运气：新的计时又是随机的。不需要别的，这就够了。",
    },
    checks: ["任期 {term} 的领导者数：{leaders}", "没有成员投两次"],
  },
};
