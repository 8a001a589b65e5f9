// The rules in their order, as sentences; and which of them a message would meet, clause by clause.
import { post, whole } from "./api.js";
import * as deeds from "./deeds.js";
import { Compare } from "./compare.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { Later } from "./later.js";
import { Btn, Card, Empty, Icon, Loading, Marks, Note, Page, Reason, Trouble } from "./parts.js";
import { go, href } from "./place.js";
import Resources from "./resources.js";
import { To, When, always, inOrder, told as toldRule } from "./rule.js";
import { seen, sentence } from "./sentence.js";
import { may } from "./session.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { useUnsaved } from "./unsaved.js";
import { t } from "./words.js";

export const title = () => t("nav.rules");
const SOON = 300; // after the last key, before it is tried

export default function Rules({ id, service }) {
  if (id === "versions") return html`<${Later} load=${() => import("./versions.js")} what="Versions" service=${service} />`;
  return id ? html`<${Resources} page="rules" id=${id} service=${service} />` : html`<${Every} service=${service} />`;
}

function Every({ service }) {
  const { version } = useStore(setup), [state, set] = useState({ rules: null, error: null });
  const [order, reorder] = useState(null), [told, hear] = useState(null), [busy, wait] = useState(false);
  const read = () => whole("v1/rules", { service_id: service }).then((rules) => set({ rules: inOrder(rules), error: null }), (error) => set((was) => ({ ...was, error })));
  useEffect(() => { read(); }, [service, version]);
  const stands = state.rules ?? [], ids = new Set(stands.map((rule) => rule.id));
  // An order of one's own holds while it is about the rules that stand; it is saved as a whole, so that no message meets half of it.
  const mine = order && order.length === ids.size && order.every((id) => ids.has(id)) && order.some((id, n) => id !== stands[n].id) ? order : null;
  const rules = mine ? mine.map((id) => stands.find((rule) => rule.id === id)) : stands;
  useUnsaved(Boolean(mine));
  const at = useRef(), kept = useRef(null);
  useLayoutEffect(() => {
    // A row that is put elsewhere loses the focus.
    const [rule, part] = kept.current ?? [];
    kept.current = null;
    if (rule) (at.current.querySelector(`[data-rule="${rule}"] [data-part="${part}"]:not(:disabled)`) ?? at.current.querySelector(`[data-rule="${rule}"] a`))?.focus();
  });
  const move = (n, by, part) => {
    if (!rules[n + by] || !may("admin")) return;
    const next = rules.map((rule) => rule.id);
    [next[n], next[n + by]] = [next[n + by], next[n]];
    kept.current = [rules[n].id, part];
    reorder(next);
  };
  const key = (e, n) => {
    if (!e.altKey || (e.key !== "ArrowUp" && e.key !== "ArrowDown")) return;
    e.preventDefault();
    move(n, e.key === "ArrowUp" ? -1 : 1, e.target.dataset.part ?? "name");
  };
  const save = deeds.trying(async () => {
    wait(true);
    try {
      await post("v1/rules:order", { service_id: service, rules: rules.map((rule) => rule.id) });
      await read();
      reorder(null);
      deeds.say(t("rules.moved"));
    } finally {
      wait(false);
    }
  });
  const hit = told && rules.find((rule) => told.rules.some((one) => one.id === rule.id && one.matched));
  const actions = html`<a class="btn" href=${href("rules", "versions")}><${Icon} n="history" />${t("versions.title")}</a>${may("admin") && html`<${Btn} kind="main" icon="plus" onClick=${() => go("rules", "new")}>${t("new.rules")}<//>`}`;
  return html`<${Page} title=${t("nav.rules")} lead=${t("rules.lead")} actions=${actions}>
    ${state.error && html`<${Trouble} error=${state.error} again=${read} />`}
    ${state.rules === null ? !state.error && html`<${Loading} />` : !stands.length ? html`<section class="card"><${Empty} icon="route" title=${t("none.rules")}>${t("none_more.rules")}<//></section>` : html`<div class="grid g32 start"><div class="col gap3">
      <section class="card" aria-label=${t("rules.order")}><header><h2>${t("rules.order")}</h2></header><ol ref=${at}>
        ${rules.map((rule, n) => html`<li key=${rule.id} data-rule=${rule.id} class=${`rule ${hit === rule ? "hit" : ""}`} onKeyDown=${(e) => key(e, n)}>
          <span class="pos">${n + 1}</span><span class="row wrap"><a class="strong" data-part="name" href=${href("rules", rule.id)}>${rule.name}</a><${Icon} n="arrow-right" c="muted" /><${To} rule=${rule} /></span>
          <span class="row gap1">${may("admin") && html`<${Btn} kind="bare sm icon" icon="chevron-down" data-part="down" disabled=${n === rules.length - 1} label=${t("rules.down", { name: rule.name })} onClick=${() => move(n, 1, "down")} />
            <${Btn} kind="bare sm icon up" icon="chevron-down" data-part="up" disabled=${n === 0} label=${t("rules.up", { name: rule.name })} onClick=${() => move(n, -1, "up")} />`}</span>
          <span class="when"><${When} rule=${rule} /></span></li>`)}
        <li class="rule end"><span class="pos"><${Icon} n="user-question" /></span><span class="muted mid">${t(stands.some(always) ? "rules.never_nobody" : "rules.nobody")}</span></li></ol></section>
      <div role="status">${mine && html`<${Note} k="warn" icon="arrows-shuffle"><div class="col gap1"><span>${t("rules.other_order")}</span><div class="row wrap gap1"><${Btn} kind="main" icon="device-floppy" disabled=${busy} onClick=${save}>${t("rules.save_order")}<//><${Compare} service=${service} rules=${() => rules.map((rule, n) => toldRule(rule, n + 1))} /><${Btn} kind="bare" onClick=${() => reorder(null)}>${t("rules.as_it_was")}<//></div></div><//>`}</div></div>
      <${TryIt} service=${service} rules=${rules} hit=${hit} told=${told} hear=${hear} /></div>`}<//>`;
}

function TryIt({ service, rules, hit, told, hear }) {
  const { channels } = useStore(setup);
  const [asked, ask] = useState({ text: t("rules.example"), channel: "", time: "" }), [wrong, say] = useState(null);
  useEffect(() => {
    if (!asked.channel && channels.length) ask((was) => ({ ...was, channel: channels[0].id }));
  }, [channels]);
  const version = rules.map((rule) => `${rule.id}${rule.updated_at}`).sort().join();
  useEffect(() => {
    const ended = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const at = asked.time ? new Date(asked.time).toISOString() : undefined;
        hear(await post("v1/rules:try", { service_id: service, message: { text: asked.text, ...(asked.channel ? { channel_id: asked.channel } : {}) }, ...(at ? { at } : {}) }, { signal: ended.signal }));
        say(null);
      } catch (error) {
        if (error.name !== "AbortError") say(error);
      }
    }, SOON);
    return () => { clearTimeout(timer); ended.abort(); };
  }, [asked, version]);
  const change = (name) => (e) => ask({ ...asked, [name]: e.target.value });
  const place = rules.indexOf(hit);
  return html`<${Card} title=${t("rules.try")} aside=${html`<span class="small muted">${t("rules.nothing_sent")}</span>`}><div class="col gap4">
    <div class="formrow"><label class="label" for="try-text">${t("rules.writes")}</label><textarea id="try-text" class="field" rows="2" value=${asked.text} onInput=${change("text")}></textarea></div>
    <div class="row wrap"><div class="formrow grow"><label class="label" for="try-on">${t("rules.on_channel")}</label><select id="try-on" class="field wide1" value=${asked.channel} onChange=${change("channel")}><option value="">${t("form.none")}</option>${channels.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select></div>
      <div class="formrow grow"><label class="label" for="try-at">${t("rules.at")}</label><input id="try-at" class="field" type="datetime-local" value=${asked.time} onInput=${change("time")} /></div></div>
    ${wrong && html`<${Note} k="bad" icon="alert-triangle" role="alert"><${Reason} error=${wrong} /><//>`}
    ${told && html`<div role="status">${hit ? html`<${Note} k="ok" icon="circle-check"><b class="strong">${t("rules.decides", { n: place + 1, name: hit.name })}</b><br /><span class="row wrap"><${To} rule=${hit} /></span><//>` : html`<${Note} k="warn" icon="user-question">${t("rules.nobody_gets")}<//>`}</div>
      <div class="col gap3">${rules.map((rule, n) => html`<${Why} key=${rule.id} rule=${rule} n=${n} one=${told.rules.find((other) => other.id === rule.id)} place=${place} />`)}</div>`}</div><//>`;
}

function Why({ rule, n, one, place }) {
  if (!one) return null;
  const says = n === place ? "matched" : !one.matched ? "not" : "would";
  return html`<div class="col gap1"><div class="row small"><b class="strong">${n + 1}. ${rule.name}</b><span class=${`push ${says === "matched" ? "c-ok" : "muted"}`}>${t(`rules.${says}`)}</span></div>
    <ul class="why">${one.why.map((clause) => html`<li><${Marks} of=${[clause.result ? "ok" : "bad"]} /><span><${Clause} rule=${rule} clause=${clause} /></span></li>`)}${!one.why.length && one.matched && html`<li class="muted"><span></span><span>${t("rules.always")}</span></li>`}</ul></div>`;
}

// What it compared, in the words of the condition, and what it saw.
function Clause({ rule, clause }) {
  if (clause.pointer === "/channel_ids") return html`${t("rules.channel_is", { channel: named(clause.values[0]) || t("logic.nothing"), channels: clause.values[1].map((one) => named(one) || one).join(", ") })}`;
  const node = seen(rule, clause);
  const shown = clause.values.filter((_, n) => !node || node.read[n]).map((value) => (value === null ? t("logic.nothing") : typeof value === "string" ? `“${value}”` : Array.isArray(value) ? value.map((one) => named(one) || one).join(", ") || t("logic.nothing") : JSON.stringify(value)));
  return html`${node ? sentence(node.clause) : html`<code>${clause.operator}</code>`}${shown.length > 0 && html` <span class="muted wrapall">· ${t("rules.saw", { value: shown.join(" · ") })}</span>`}`;
}
