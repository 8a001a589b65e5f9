// What other rules would have done with the last messages, before they are saved.
import { post } from "./api.js";
import { html, useState } from "./html.js";
import { Btn, Dialog, Note, Trouble } from "./parts.js";
import { href } from "./place.js";
import { Routed } from "./rule.js";
import { stamp, whole } from "./time.js";
import { t } from "./words.js";

// `rules()` gives, or will give, all rules as they would be.
export function Compare({ service, rules, disabled = false }) {
  const [state, set] = useState({ open: false, told: null, error: null, busy: false });
  const ask = async () => {
    set({ open: true, told: null, error: null, busy: true });
    try {
      set({ open: true, told: await post("v1/rules:compare", { service_id: service, rules: await rules() }), error: null, busy: false });
    } catch (error) {
      set({ open: true, told: null, error, busy: false });
    }
  };
  return html`<${Btn} icon="arrows-shuffle" disabled=${disabled || state.busy} onClick=${ask}>${t("compare.do")}<//>
    ${state.open && html`<${Dialog} title=${t("compare.title")} kind="wide2" close=${() => set({ ...state, open: false })}><div class="col gap3" aria-busy=${String(state.busy)}>
      ${state.busy && html`<p class="muted" role="status">${t("compare.busy")}</p>`}
      ${state.error && html`<${Trouble} error=${state.error} again=${ask} />`}
      ${state.told && html`<${Found} told=${state.told} />`}</div><//>`}`;
}

function Found({ told }) {
  const { compared, different, same_by_another: another, with_people: people, since, moved, differences } = told;
  if (!compared) return html`<${Note}>${t("compare.none")}<//>`;
  return html`<div class="col gap3" role="status"><${Note} k=${different ? "warn" : "ok"} icon=${different ? "arrows-shuffle" : "circle-check"}><b class="strong">${t("compare.found", { n: different, compared })}</b> <span class="muted">${t("compare.since", { at: whole(since) })}</span><//>
    ${(another > 0 || people > 0) && html`<p class="small muted">${[another > 0 && t("compare.another", { n: another }), people > 0 && t("compare.people", { n: people })].filter(Boolean).join(" ")}</p>`}
    ${moved.length > 0 && html`<ul class="col gap3">${moved.map((one) => html`<li class="move"><b class="num strong">${one.count}</b><span class="col gap1"><${Labelled} of="now" one=${one.now} /><${Labelled} of="then" one=${one.then} /></span></li>`)}</ul>`}
    ${differences.length > 0 && html`<details class="more" open=${differences.length < 6}><summary class="label">${t("compare.which")}</summary><ul class="differ scroll" tabindex="0" aria-label=${t("compare.which")}>${differences.map((one) => html`<li key=${one.message_id}><span class="row"><b class="strong clip">${one.contact.name || t("contact.unknown")}</b><span class="small muted num push">${stamp(one.sent_at)}</span></span>
      <span class="clip">${one.conversation_id ? html`<a href=${href("conversations", one.conversation_id)}>${one.text}</a>` : one.text}</span><span class="small muted clip">${t("compare.from_to", { now: one.now.name ?? t("value.none"), then: one.then.name ?? t("value.none") })}</span></li>`)}</ul></details>`}</div>`;
}

const Labelled = ({ of, one }) => html`<span class="row wrap"><span class="small muted">${t(`compare.${of}`)}</span><${Routed} one=${one} /></span>`;
