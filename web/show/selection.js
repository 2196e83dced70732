// @ts-check
// What the reader looks at: a member or a message, the same one on the stage, in the diagram and
// beside them.

export class Selection {
  /** @type {string | null} */
  member = null;
  /** A message's key. @type {string | null} */
  message = null;
  /** Called after every change. @type {() => void} */
  changed = () => {};

  chooseMember(/** @type {string | null} */ name) {
    this.member = name;
    this.message = null;
    this.changed();
  }

  chooseMessage(/** @type {string | null} */ key) {
    this.message = key;
    this.changed();
  }
}
