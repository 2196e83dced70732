// @ts-check
// What may come after each role, in Chinese.

/** @type {typeof import("../en/roles.js").default} */
export default {
  nextF: "计时走完，它就成为预备候选人。",
  nextP: "多数派愿意投它，它才成为候选人；听到领导者说话，就回去跟随。",
  nextC: "得到多数派的票就领导；听说已有领导者或更新的任期，就跟随。",
  nextL: "听说更新的任期，或再也听不到多数派，它就退位。",
  nextX: "日志、任期和投票都在它的磁盘上。启动之后它先跟随。",
  cameFrom: "{t} ms：{from} → {to}。",
};
