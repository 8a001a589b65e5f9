// What goes wrong at a provider: for one person there, or for everybody.
import { ask, el } from "./dom.js";

export class Faults {
  constructor(words, person, account) {
    this.person = person;
    this.account = account;
    const named = (name, of) => el("select", { class: "field", onchange: () => this.save(), name }, Object.entries(of).map(([word, more]) => el("option", { value: word }, `${word.replace("_", " ")}: ${more}`)));
    this.answer = named("answer", words.answers);
    this.receipts = named("receipts", words.receipts);
    this.wait = el("input", { class: "field", type: "number", min: "0", max: "600", value: "8", onchange: () => this.save() });
    this.times = el("input", { class: "field", type: "number", min: "0", max: "100", value: "0", onchange: () => this.save() });
    this.all = el("input", { class: "check", type: "checkbox", onchange: () => this.fill() });
    this.hooks = Object.entries(words.hooks).map(([word, more]) => {
      const box = el("input", { class: "check", type: "checkbox", value: word, onchange: () => this.save() });
      return [box, el("label", { class: "row" }, box, more)];
    });
    this.now = el("span", { class: "chip" });
    this.root = el("details", { class: "faults" }, el("summary", {}, "What goes wrong here", this.now),
      el("div", { class: "set" },
        el("label", {}, "A send to them is answered", this.answer),
        el("label", {}, "What was taken becomes", this.receipts),
        el("label", {}, "Seconds to wait, or of being slow", this.wait),
        el("label", {}, "How many times (0: always)", this.times),
        this.hooks.map(([, row]) => row),
        el("label", { class: "row" }, this.all, "for everybody, not only them")));
    this.on = [];
  }

  who() { return this.all.checked ? "" : this.person.id; }

  update(on) {
    this.on = on.filter((one) => one.kind === this.account.kind);
    this.fill();
  }

  fill() {
    const all = this.on.find((one) => one.person === ""), own = this.on.find((one) => one.person === this.person.id);
    const shown = (this.all.checked ? all : own ?? all) ?? { answer: "ok", receipts: "read", wait_s: 8, times: 0, hooks: [] };
    const told = own ?? all;
    const wrong = told && [told.answer !== "ok" && told.answer.replace("_", " "), told.receipts !== "read" && told.receipts, ...told.hooks].filter(Boolean);
    this.now.textContent = wrong?.length ? wrong.join(", ") : "nothing";
    this.now.className = `chip ${wrong?.length ? "warn" : ""}`;
    if (this.root.contains(document.activeElement) && document.activeElement.type === "number") return;
    this.answer.value = shown.answer;
    this.receipts.value = shown.receipts;
    this.wait.value = shown.wait_s;
    this.times.value = shown.times;
    for (const [box] of this.hooks) box.checked = shown.hooks.includes(box.value);
  }

  save() {
    const hooks = this.hooks.filter(([box]) => box.checked).map(([box]) => box.value);
    ask("faults", { kind: this.account.kind, person: this.who(), answer: this.answer.value, receipts: this.receipts.value, wait_s: Number(this.wait.value) || 0, times: Number(this.times.value) || 0, hooks });
  }
}
