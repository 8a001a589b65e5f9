// The rules in their order, as sentences; and which of them a message would meet, clause by clause.
import { call, post } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useState } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Chip, Icon, Marks, Note, Page } from "./parts.js";
import { go, href } from "./place.js";
import Resources from "./resources.js";
import { sentence } from "./sentence.js";
import { may } from "./session.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { parts, t } from "./words.js";

export const title = () => t("nav.rules");
const SOON = 300; // after the last key, before it is tried

export default function Rules({ id, service }) {
  return id ? html`<${Resources} page="rules" id=${id} service=${service} />` : html`<${Every} service=${service} />`;
}

function Every({ service }) {
  const list = useList("v1/rules", { service_id: service }), [told, hear] = useState(null);
  useStore(setup);
  const rules = [...list.data].sort((one, other) => one.position - other.position || (one.id < other.id ? -1 : 1));
  const move = deeds.trying(async (at, by) => {
    const [one, other] = [rules[at], rules[at + by]];
    if (!other) return;
    const beyond = rules[at + 2 * by];
    // Between two others where there is room, else they change places.
    const room = beyond ? Math.abs(beyond.position - other.position) > 1 : true;
    await call("PATCH", `v1/rules/${one.id}`, { position: room ? Math.max(0, other.position + by) : other.position });
    if (!room || other.position + by < 0) await call("PATCH", `v1/rules/${other.id}`, { position: one.position });
    deeds.say(t("rules.moved"));
    list.again();
  });
  const key = (e, at) => {
    if (!e.altKey || (e.key !== "ArrowUp" && e.key !== "ArrowDown")) return;
    e.preventDefault();
    move(at, e.key === "ArrowUp" ? -1 : 1);
  };
  const open = rules.some((rule) => (rule.when ?? true) === true && !rule.channel_ids.length);
  return html`<${Page} title=${t("nav.rules")} lead=${t("rules.lead")} actions=${may("admin") && html`<${Btn} kind="main" icon="plus" onClick=${() => go("rules", "new")}>${t("new.rules")}<//>`}>
    <${Listed} list=${list} empty=${{ icon: "route", title: t("none.rules"), more: t("none_more.rules") }}><div class="grid g32 start">
      <section class="card" aria-label=${t("rules.order")}><header><h2>${t("rules.order")}</h2></header><ol>
        ${rules.map((rule, n) => html`<li key=${rule.id} class=${`rule ${told?.matched === rule.id ? "hit" : ""}`} onKeyDown=${(e) => key(e, n)}>
          <span class="pos">${n + 1}</span><span class="row wrap"><a class="strong" href=${href("rules", rule.id)}>${rule.name}</a><${Icon} n="arrow-right" c="muted" /><${To} rule=${rule} /></span>
          <span class="row gap1">${may("admin") && html`<${Btn} kind="bare sm icon" icon="chevron-down" disabled=${n === rules.length - 1} label=${t("rules.down", { name: rule.name })} onClick=${() => move(n, 1)} />
            <${Btn} kind="bare sm icon up" icon="chevron-down" disabled=${n === 0} label=${t("rules.up", { name: rule.name })} onClick=${() => move(n, -1)} />`}</span>
          <span class="when"><${When} rule=${rule} /></span></li>`)}
        <li class="rule end"><span class="pos"><${Icon} n="user-question" /></span><span class="muted mid">${t(open ? "rules.never_nobody" : "rules.nobody")}</span></li></ol></section>
      <${TryIt} service=${service} rules=${rules} told=${told} hear=${hear} />
    </div><//><//>`;
}

function To({ rule }) {
  return html`${rule.to.includes("bot") && html`<${Chip} k="bot" icon="robot">${named(rule.bot_id) || t("author.bot")}<//>`}
    ${rule.to.includes("desk") && (rule.to === "desk" ? html`<${Chip} k="desk" icon="headset">${named(rule.desk_id)}<//>` : html`<span class="mid muted">${rule.on_bot_failure === "desk" ? t("rules.then", { desk: named(rule.desk_id), n: rule.bot_patience_s }) : t("rules.behind", { desk: named(rule.desk_id) })}</span>`)}
    ${rule.to === "none" && html`<${Chip} icon="user-question">${t("value.none")}<//>`}`;
}

function When({ rule }) {
  const on = rule.channel_ids.map((id) => named(id) || id);
  const said = [on.length > 0 && parts("rules.on", { channels: on.map((name) => html`<span class="tok v">${name}</span> `) }), rule.when !== undefined && rule.when !== null && rule.when !== true && sentence(rule.when)].filter(Boolean);
  return said.length ? said.map((one, n) => html`${n > 0 && ` ${t("logic.and")} `}${one}`) : t("rules.always");
}

function TryIt({ service, rules, told, hear }) {
  const { channels } = useStore(setup);
  const [asked, ask] = useState({ text: t("rules.example"), channel: "", time: "" }), [wrong, say] = useState(null);
  useEffect(() => {
    if (!asked.channel && channels.length) ask((was) => ({ ...was, channel: channels[0].id }));
  }, [channels]);
  const version = rules.map((rule) => `${rule.id}${rule.updated_at}`).join();
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
  const hit = told && rules.find((rule) => rule.id === told.matched), at = rules.indexOf(hit);
  return html`<${Card} title=${t("rules.try")} aside=${html`<span class="small muted">${t("rules.nothing_sent")}</span>`}><div class="col gap4">
    <div class="formrow"><label class="label" for="try-text">${t("rules.writes")}</label><textarea id="try-text" class="field" rows="2" value=${asked.text} onInput=${change("text")}></textarea></div>
    <div class="row wrap"><div class="formrow grow"><label class="label" for="try-on">${t("rules.on_channel")}</label><select id="try-on" class="field wide1" value=${asked.channel} onChange=${change("channel")}><option value="">${t("form.none")}</option>${channels.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select></div>
      <div class="formrow grow"><label class="label" for="try-at">${t("rules.at")}</label><input id="try-at" class="field" type="datetime-local" value=${asked.time} onInput=${change("time")} /></div></div>
    ${wrong && html`<${Note} k="bad" icon="alert-triangle" role="alert">${wrong.message}<//>`}
    ${told && html`<div role="status">${hit ? html`<${Note} k="ok" icon="circle-check"><b class="strong">${t("rules.decides", { n: at + 1, name: hit.name })}</b><br /><span class="row wrap"><${To} rule=${hit} /></span><//>` : html`<${Note} k="warn" icon="user-question">${t("rules.nobody_gets")}<//>`}</div>
      <div class="col gap3">${told.rules.map((one, n) => html`<div class="col gap1" key=${one.id}><div class="row small"><b class="strong">${n + 1}. ${one.name}</b><span class="push muted">${told.matched === one.id ? t("rules.matched") : one.matched ? t("rules.would") : t("rules.not")}</span></div>
        <ul class="why">${one.why.map((clause) => html`<li><${Marks} of=${[clause.result ? "ok" : "bad"]} /><span><${Clause} clause=${clause} /></span></li>`)}${!one.why.length && one.matched && html`<li class="muted"><span></span><span>${t("rules.always")}</span></li>`}</ul></div>`)}</div>`}</div><//>`;
}

// What it compared, in the words of the condition, and what it saw.
function Clause({ clause }) {
  const shown = clause.values.map((value) => (value === null ? t("logic.nothing") : typeof value === "string" ? `“${value}”` : Array.isArray(value) ? value.map((one) => named(one) || one).join(", ") : JSON.stringify(value)));
  if (clause.pointer === "/channel_ids") return html`${t("rules.channel_is", { channel: named(clause.values[0]) || t("logic.nothing"), channels: clause.values[1].map((one) => named(one) || one).join(", ") })}`;
  return html`<code>${clause.operator}</code> <span class="muted wrapall">${shown.join(" · ")}</span>`;
}
