// @ts-check
// The words of the opening of traces, in Chinese.

/** @type {typeof import("../en/open.js").default} */
export default {
  openTitle: "打开轨迹",
  openLede: "一段记录，来自集群、模拟器或一次事故，可以一条一条地看。",
  openedLede: "{members} 个成员，长 {span}，共 {records} 条记录。",
  notATrace: "{file} 不是轨迹：第 {line} 行不是其中的记录。",
  factSource: "来源",
  factBuild: "版本",
  factCluster: "集群",
};
