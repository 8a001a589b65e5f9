// A mapping tried over an event as it would be posted: the message that comes of it, whose it is, and what is wrong where.
import { post, get, query } from "./api.js";
import { labelOf } from "./form.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Card, Chip, Icon, Note } from "./parts.js";
import { href } from "./place.js";
import { may } from "./session.js";
import { whole } from "./time.js";
import { t } from "./words.js";

const SHOWN = 5;
const SAMPLE = { id: "o-1001", at: "2026-11-29T10:00:00Z", type: "order.paid", text: "Two lamps", customer: { email: "ada@example.com", name: "Ada" } };
// "/mapping/contact/email" and "/contact/email" are the same place: Contact, E-mail.
const place = (path) => path.replace(/^\/mapping/, "").split("/").filter(Boolean).map(labelOf).join(" › ") || t("source.event");

export function SourceTrial({ service, source, values, mapping }) {
  const [text, write] = useState(JSON.stringify(SAMPLE, null, 2)), [state, set] = useState({ told: null, wrong: [], busy: false });
  const ask = async () => {
    let sample;
    try {
      sample = JSON.parse(text);
    } catch (error) {
      return set({ told: null, wrong: [{ path: "", message: t("form.no_json", { why: error.message }) }], busy: false });
    }
    set({ ...state, busy: true });
    // An array is several events, as the source is posted them: each is tried.
    const events = (Array.isArray(sample) ? sample : [sample]).slice(0, SHOWN);
    try {
      const about = { service_id: service, mapping: mapping(), ...(values.system || values.key ? { key: values.system || values.key } : {}) };
      set({ told: await Promise.all(events.map((one) => post("v1/sources:try", { ...about, sample: one }))), wrong: [], busy: false });
    } catch (error) {
      set({ told: null, wrong: error.errors?.length ? error.errors : [{ path: "", message: error.message }], busy: false });
    }
  };
  return html`${may("admin") && html`<${Card} title=${t("source.try")} aside=${html`<span class="small muted">${t("rules.nothing_sent")}</span>`}><div class="col gap4">
      <div class="formrow"><label class="label" for="sample">${t("source.sample")}</label><textarea id="sample" class="field mono" rows="9" spellcheck="false" value=${text} onInput=${(e) => write(e.target.value)}></textarea><p class="small muted">${t("source.sample_more")}</p></div>
      <div class="row"><${Btn} kind="main" icon="player-play" disabled=${state.busy} onClick=${ask}>${t("source.do")}<//></div>
      <div class="col gap3" role="status">${state.wrong.length > 0 && html`<${Wrong} of=${state.wrong} />`}
        ${state.told?.map((one, n) => html`<section class="col gap1" key=${n} aria-label=${t("source.nth", { n: n + 1 })}>${one.message ? html`<${Told} one=${one.message} />` : html`<${Note} k="bad" icon="x">${t("source.rejected")}<//>`}${one.errors.length > 0 && html`<${Wrong} of=${one.errors} />`}</section>`)}</div></div><//>`}
    ${source && html`<${Last} service=${service} name=${source.key} />`}`;
}

const Wrong = ({ of }) => html`<ul class="col gap1">${of.map((one) => html`<li class="wrong"><${Icon} n="alert-triangle" /><span><b class="strong">${place(one.path)}</b>: ${one.message}</span></li>`)}</ul>`;

function Told({ one }) {
  const facts = [["source.id", one.event_id], ["source.at", whole(one.sent_at)], ["source.kind", one.content.name], ["source.conversation", one.conversation]].filter(([, value]) => value);
  return html`<div class="col gap1"><${Note} k="ok" icon="circle-check"><b class="strong">${one.text}</b><//>
    <p class="row wrap gap1"><span class="small muted">${t("source.whose")}</span>${one.contact.name && html`<${Chip} icon="user">${one.contact.name}<//>`}${one.contact.identities.map((who) => html`<${Chip} k="line">${t(`source.by_${who.kind}`)} ${who.value}<//>`)}${!one.contact.identities.length && html`<span class="muted">${t("source.nobody")}</span>`}</p>
    <dl class="facts small">${facts.map(([name, value]) => html`<dt>${t(name)}</dt><dd class="wrapall">${value}</dd>`)}</dl></div>`;
}

// What came of it last.
function Last({ service, name }) {
  const [found, set] = useState(null);
  useEffect(() => { get(query("v1/messages", { source: name, service_id: service, limit: SHOWN })).then((answer) => set(answer.data), () => set([])); }, [service, name]);
  return found && html`<${Card} title=${t("source.last")}>${found.length ? html`<ul class="differ">${found.map((one) => html`<li key=${one.id}><span class="row"><b class="strong clip">${one.content.name ?? one.type}</b><span class="small muted num push">${whole(one.sent_at)}</span></span><span class="clip">${one.contact_id ? html`<a href=${href("contacts", one.contact_id)}>${one.text}</a>` : one.text}</span></li>`)}</ul>` : html`<p class="muted">${t("source.none")}</p>`}<//>`;
}
