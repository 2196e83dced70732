// @ts-check
// The story in Chinese: how a leader comes to be.

/** @import { Telling } from "../types.js" */

/** @type {Record<string, Telling>} */
export default {
  election: {
    lede: "一个事件一个事件地看这次选举。菱形是票：实心的在要，空心的在答。候选人下方的五个点，是它已经得到的票。",
    beats: [
      ["我能胜出吗", "{first} 先问一句，不约束任何人。说“愿意”没有代价，任期仍是 {before}。"],
      ["新的任期", "多数派说愿意。{first} 开始任期 {term}，先把自己的一票投给自己。"],
      ["一人一票", "{voter} 投了票，并在答复之前先写进磁盘：任期 {term} 里它不能再投给别人。"],
      ["五票得三", "有了第三票，{leader} 就是多数派选出的领导者，不必再等其余的票。"],
      [
        "当即宣布",
        "领导者的第一条消息带着一个属于自己任期的空条目。为什么非要有它，第 11 章会说到。",
      ],
    ],
    ask: {
      question: "五个成员，几票能选出领导者？",
      options: ["2", "3", "5"],
      why: "三票：五人中任意两个多数派必有一个共同成员，而它一个任期只投一次。",
    },
    checks: [
      "{leader} 在得到 5 票中的第 {votes} 票时当选，不早不晚",
      "任期 {term} 里没有成员投两次",
    ],
  },
};
