// @ts-check
// Chapter 7 in Chinese.

/** @type {import("../types.js").Telling} */
export default {
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
};
