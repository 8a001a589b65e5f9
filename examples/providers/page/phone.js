// One phone: what was said at one account, and what its owner can do there.
import { bubbleOf } from "./bubble.js";
import { Telephone } from "./call.js";
import { ask, el, icon } from "./dom.js";
import { Faults } from "./faults.js";
import { showWire } from "./wire.js";

// In the order in which phones stand side by side.
export const ICONS = {
  whatsapp: "brand-whatsapp", sms: "device-mobile", voice_twilio: "phone", email_ses: "mail", telegram: "brand-telegram", messenger: "brand-messenger",
  instagram: "brand-instagram", twilio_whatsapp: "brand-whatsapp", twilio_sms: "device-mobile", whatsapp_gupshup: "brand-whatsapp", whatsapp_netcore: "brand-whatsapp", custom: "plug",
};
const OFFERS = [["place", "map-pin", "Place"], ["contact", "user", "Person"], ["start", "flag", "Start"], ["call", "phone", "Call"]];

export class Phone {
  constructor(known, person, account) {
    this.person = person;
    this.account = account;
    this.kind = known.kinds[account.kind];
    this.nodes = new Map();
    this.about = null;
    this.faults = new Faults(known.faults, person, account);
    this.call = this.can("dial") && new Telephone(this);
    const { label } = this.kind;
    this.talk = el("div", { class: "talk", role: "log", tabindex: "0", "aria-label": `${label}: what was said` });
    this.typing = el("p", { class: "typing", hidden: true }, "is typing …");
    this.talk.append(this.typing);
    this.quoted = el("div", { class: "about", hidden: true });
    this.wrong = el("p", { class: "wrong", role: "alert", hidden: true });
    this.offer = el("div", { class: "offer", hidden: true });
    this.subject = account.kind === "email_ses" && el("input", { class: "field", type: "text", "aria-label": "Subject of a new mail", placeholder: "Subject", autocomplete: "off" });
    this.where = el("span", { class: "small where" });
    this.text = el("input", { type: "text", "aria-label": this.call ? "Say" : `Write on ${label}`, placeholder: this.call ? "Say something" : "Message", autocomplete: "off" });
    this.root = el("section", { class: `unit ${account.kind}`, "aria-label": `${label} of ${person.name}` },
      el("div", { class: "device" }, el("div", { class: "screen" },
        el("div", { class: "app" }, icon(ICONS[account.kind] ?? "device-mobile"), el("div", { class: "grow" }, el("h2", { class: "mid" }, label), this.where)),
        this.call?.root, this.talk, this.wrong, this.quoted, this.offer, this.subject && el("div", { class: "offer" }, this.subject), this.composer())),
      el("button", { class: "btn sm bare", type: "button", onclick: () => showWire(account.kind, label) }, icon("list-search"), "What went over the wire"),
      this.faults.root);
  }

  can(deed) { return this.kind.deeds.includes(deed); }

  composer() {
    const file = el("input", { type: "file", hidden: true, onchange: () => { if (file.files[0]) this.sendFile(file.files[0]).finally(() => { file.value = ""; }); } });
    const offers = [
      this.can("file") && el("button", { class: "btn sm", type: "button", onclick: () => file.click() }, icon("photo"), "File"),
      ...OFFERS.filter(([deed]) => this.can(deed)).map(([deed, sign, name]) => el("button", { class: "btn sm", type: "button", onclick: () => this.does(deed) }, icon(sign), name)),
      this.can("group") && (this.group = el("button", { class: "btn sm", type: "button", "aria-pressed": "false", onclick: () => this.toGroup(!this.inGroup) }, icon("users"), "To the group")),
      this.can("stop") && (this.stop = el("button", { class: "btn sm", type: "button", onclick: () => this.does(this.stopped ? "resume" : "stop") }, "Stop")),
    ];
    this.offer.append(...offers.filter(Boolean));
    const more = el("button", { class: "round bare", type: "button", "aria-label": "More", title: "More", "aria-expanded": "false", onclick: () => { this.offer.hidden = !this.offer.hidden; more.setAttribute("aria-expanded", String(!this.offer.hidden)); } }, icon("plus"));
    return el("form", { class: "ask", onsubmit: (event) => { event.preventDefault(); this.write(); } }, this.offer.childElementCount > 0 && more, file, this.text,
      el("button", { class: "round", "aria-label": "Send", title: "Send" }, icon("send")));
  }

  async write() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    const { about, editing } = this;
    this.answer(null);
    const details = this.inGroup ? { group: true } : this.subject && !about ? { subject: this.subject.value.trim() || "Hello" } : {};
    if (!(await this.do({ do: editing ? "edit" : about ? "reply" : "text", text, about: about?.id, details })) && !this.text.value) this.text.value = text;
  }

  // What is written from now on goes to the group that all are in, or to the business alone.
  toGroup(on) {
    this.inGroup = on;
    this.group.setAttribute("aria-pressed", String(on));
    this.text.placeholder = on ? "Message to the group" : "Message";
  }

  async does(deed) {
    const more = { place: { details: { latitude: 51.5007, longitude: -0.1246, name: "Westminster Bridge", address: "London" } }, contact: { text: "Sam Poole", details: { phone: "+447700900999" } }, start: { payload: "from-the-page" } };
    this.offer.hidden = true;
    await this.do({ do: deed, ...more[deed] });
  }

  async sendFile(file) {
    this.offer.hidden = true;
    const bytes = new Uint8Array(await file.arrayBuffer());
    let content = "";
    for (let place = 0; place < bytes.length; place += 32768) content += String.fromCharCode(...bytes.subarray(place, place + 32768));
    const text = this.text.value.trim();
    this.text.value = "";
    await this.do({ do: "file", text, content: btoa(content), type: file.type || "application/octet-stream", name: file.name });
  }

  async do(deed) {
    this.wrong.hidden = true;
    try {
      await ask("deeds", { kind: this.account.kind, account: this.account.id, person: this.person.id, ...deed });
      return true;
    } catch (error) {
      this.wrong.textContent = error.message;
      this.wrong.hidden = false;
      return false;
    }
  }

  // What is written next answers this, or is put in its place.
  answer(bubble, editing = false) {
    this.about = bubble;
    this.editing = editing;
    this.quoted.hidden = !bubble;
    if (!bubble) return;
    this.quoted.replaceChildren(el("span", {}, `${editing ? "Editing" : "Answering"}: ${bubble.text || bubble.type}`), el("button", { class: "more", type: "button", "aria-label": "Leave it", onclick: () => this.answer(null) }, icon("x")));
    if (editing) this.text.value = bubble.text;
    this.text.focus();
  }

  show(bubble, all) {
    if (bubble.person !== this.person.id) return;
    const below = this.talk.scrollHeight - this.talk.scrollTop - this.talk.clientHeight < 60;
    const made = bubbleOf(bubble, all, this), before = this.nodes.get(bubble.id);
    if (before) before.replaceWith(made);
    else this.talk.insertBefore(made, this.typing);
    this.nodes.set(bubble.id, made);
    if (below || bubble.mine) requestAnimationFrame(() => { this.talk.scrollTop = this.talk.scrollHeight; });
  }

  update(state) {
    const flag = (name) => state.flags[`${this.account.kind}/${this.account.id}/${this.person.id}/${name}`];
    const account = state.accounts.find((one) => one.kind === this.account.kind && one.id === this.account.id);
    this.where.textContent = account?.url ? account.name : `${account?.name ?? ""} · no webhook yet`;
    this.stopped = Boolean(flag("stopped"));
    if (this.stop) this.stop.textContent = this.stopped ? "Resume" : "Stop";
    const left = (flag("typing") || 0) - Date.now();
    this.typing.hidden = left <= 0;
    clearTimeout(this.timer);
    if (left > 0) this.timer = setTimeout(() => { this.typing.hidden = true; }, left);
    if (this.call) this.call.update(flag("call"));
    this.faults.update(state.faults);
  }
}
