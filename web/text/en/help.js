// @ts-check
// The words of the list of keys, in English.

export default {
  helpSpace: "Play, or stop the picture",
  helpArrows: "Previous and next event",
  helpShift: "Previous and next change of role, commit or fault",
  helpSpeed: "Slower, faster",
  helpEnds: "Begin and end of the replay",
  helpEscape: "Back to live",
  helpReplay: "Replay the last election",
  helpWrite: "Write a value",
  helpChapter: "Chapter before, next chapter",
  helpMember: "Choose a member",
  helpMessage: "Choose a message that is under way",
  helpLanguage: "English or Chinese; light or dark",
  helpMs: "One millisecond back, one on",
  helpCut: "Cut the chosen member off, and heal",
  helpDrop: "Lose the chosen message",
  helpStop: "Stop or start the chosen member",
};
