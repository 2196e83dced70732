// @ts-check
// Who the reader is, for members to which users matter: they show their traces to administrators
// only. What was typed stays in this object's memory until the reader logs out or leaves the page,
// for a token is good for some minutes, and then another one is asked for.

import { patch, shape } from "../scene/tree.js";
import { say } from "../text.js";

export class Login {
  #form = document.createElement("form");
  #asked;
  /** Whom the reader says to be. @type {{name: string, password: string} | null} */
  #typed = null;
  #token = "";
  /** Whether the token was good for something. */
  #isAdmitted = false;
  /** Why the reader is asked again. */
  #why = "";
  /** Wakes who waits for the reader. */
  #answered = () => {};
  /** Hangs up. */
  #stop = () => {};

  /**
   * @param {Element} place before which the form stands
   * @param {() => void} asked called when the reader has to say who they are
   */
  constructor(place, asked) {
    this.#asked = asked;
    this.#form.id = "login";
    this.#form.className = "card write";
    this.#form.hidden = true;
    place.before(this.#form);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(this.#form);
      this.#typed = { name: String(data.get("name")), password: String(data.get("password")) };
      this.#answered();
    });
    this.#form.addEventListener("click", (event) => {
      if (/** @type {Element} */ (event.target).matches("[data-leave]")) this.#leave();
    });
  }

  /** @returns {Record<string, string>} */
  get headers() {
    return this.#token === "" ? {} : { authorization: this.#token };
  }

  /** A member refused the token, or wants to see one: gets another one. */
  async renew(/** @type {number} */ status) {
    const was = this.#typed?.name ?? "";
    const isUseless = this.#token !== "" && !this.#isAdmitted;
    if (status === 403) this.#forget(say("notAdministrator", { name: was }));
    else if (isUseless) this.#forget(say("tokenRefused"));
    this.#isAdmitted = false;
    if (this.#typed === null) await this.#ask();
    await this.#authenticate();
  }

  /** The reader sees the trace. */
  admitted(/** @type {() => void} */ stop) {
    this.#stop = stop;
    this.#isAdmitted = true;
    this.#why = "";
    this.#form.hidden = this.#typed === null;
    this.draw();
  }

  draw() {
    if (this.#form.hidden) return;
    const isIn = this.#isAdmitted && this.#typed !== null;
    patch(this.#form, isIn ? this.#leaving(this.#typed?.name ?? "") : this.#asking());
  }

  /** Who is logged in, and the way out. */
  #leaving(/** @type {string} */ name) {
    return [
      shape("div", { key: "in", class: "row" }, [
        shape("span", { class: "what" }, say("loggedIn", { name })),
        shape("button", { type: "button", "data-leave": "" }, say("logout")),
      ]),
    ];
  }

  #asking() {
    return [
      shape("h2", { key: "title" }, say("login")),
      shape("div", { key: "fields", class: "fields of-login" }, [
        field("name", "text", "username", say("user")),
        field("password", "password", "current-password", say("password")),
        shape("button", { key: "go", type: "submit", class: "primary" }, say("login")),
      ]),
      shape("p", { key: "why", class: "result bad", role: "status" }, this.#why),
    ];
  }

  async #ask() {
    this.#asked();
    this.#form.hidden = false;
    this.draw();
    await new Promise((/** @type {(typed: void) => void} */ done) => (this.#answered = done));
  }

  async #authenticate() {
    const body = JSON.stringify(this.#typed);
    const headers = { "content-type": "application/json" };
    const response = await fetch("v3/auth/authenticate", { method: "POST", headers, body }).catch(
      () => null,
    );
    const answer = await response?.json().catch(() => null);
    this.#token = String((response?.ok && answer?.token) || "");
    if (this.#token === "") this.#forget(String(answer?.message ?? say("unreachable")));
  }

  #forget(/** @type {string} */ why) {
    this.#typed = null;
    this.#token = "";
    this.#why = why;
  }

  #leave() {
    this.#forget("");
    this.#stop();
  }
}

/**
 * @param {string} name
 * @param {string} type
 * @param {string} what how browsers that remember call it
 * @param {string} label
 */
function field(name, type, what, label) {
  return shape("label", { key: name }, [
    shape("span", {}, label),
    shape("input", { name, type, autocomplete: what, required: "", maxlength: 256 }),
  ]);
}
