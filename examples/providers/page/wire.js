// What went over the wire at one provider, the latest first: the calls of its API, and what they were answered.
import { ask, el, icon } from "./dom.js";

const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

export async function showWire(kind, label) {
  const calls = (await ask("calls")).filter((one) => one.kind === kind).reverse().slice(0, 30);
  const close = el("button", { class: "btn sm bare icon", type: "button", "aria-label": "Close", onclick: () => box.close() }, icon("x"));
  const box = el("dialog", { "aria-label": `What was called at ${label}`, onclose: () => box.remove() },
    el("header", {}, el("h2", { class: "grow" }, `What was called at ${label}`), close),
    el("div", { class: "in" }, calls.length === 0 && el("p", { class: "muted" }, "Nothing yet."), calls.map((one) => el("details", {},
      el("summary", { class: "mid" }, el("span", { class: `chip ${one.status >= 200 && one.status < 300 ? "ok" : "bad"}` }, one.status || "no answer"), ` ${one.method} ${one.path}`),
      el("pre", { tabindex: "0" }, pretty(one.sent)), el("pre", { tabindex: "0" }, pretty(one.answered))))));
  document.body.append(box);
  box.showModal();
}
