// @ts-check
// The words of the opening of traces, in English.

export default {
  openTitle: "Open a trace",
  openLede:
    "A recording of a cluster, of the simulator or of an incident, to be looked at one record " +
    "at a time.",
  openedLede: "{members} members, {span} long, {records} records.",
  notATrace: "{file} is no trace: line {line} is no record of it.",
  factSource: "Source",
  factBuild: "Build",
  factCluster: "Cluster",
};
