// A telephone: it rings, is answered, has keys, and what is written on it counts as spoken.
import { el, icon } from "./dom.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const WORDS = { ringing: "rings …", "in-progress": "in a call" };

export class Telephone {
  constructor(phone) {
    this.phone = phone;
    this.state = el("p", { class: "mid grow", role: "status" }, "");
    this.green = el("button", { class: "btn sm take", type: "button", onclick: () => phone.do({ do: this.call ? "answer" : "dial" }) }, icon("phone"), el("span", {}, ""));
    this.red = el("button", { class: "btn sm danger", type: "button", onclick: () => phone.do({ do: "hangup" }) }, icon("x"), el("span", {}, ""));
    this.keys = el("div", { class: "keys", role: "group", "aria-label": "Keys", hidden: true }, KEYS.map((key) => el("button", { class: "btn", type: "button", "aria-label": { "*": "star", "#": "hash" }[key] ?? key, onclick: () => phone.do({ do: "digits", text: key }) }, key)));
    this.root = el("div", { class: "line" }, el("div", { class: "row wrap" }, this.state, this.green, this.red), this.keys);
  }

  update(call) {
    this.call = call;
    const rings = call?.status === "ringing", going = call?.status === "in-progress";
    this.state.textContent = call ? `${rings ? "It " : "You are "}${WORDS[call.status] ?? call.status}${call.listens ? ", and they listen" : ""}` : "Not in a call";
    this.green.hidden = going;
    this.green.lastChild.textContent = rings ? "Answer" : "Call";
    this.red.hidden = !call;
    this.red.lastChild.textContent = rings ? "Decline" : "Hang up";
    this.keys.hidden = !going;
  }
}
