// First steps: a working chat by one press and with nobody's server; what a customer says there, hop by hop.
import { post, whole } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Card, Face, Icon, Loading, Note, Page, Reason, Status, Trouble } from "./parts.js";
import { go, href } from "./place.js";
import { may } from "./session.js";
import { load, setup } from "./setup.js";
import { useStore } from "./store.js";
import { took } from "./time.js";
import { chatOf, useChat } from "./trial.js";
import { Way, useWay } from "./way.js";
import { t } from "./words.js";

export const title = () => t("nav.first");
const HUMAN = "human"; // what most bots hand over at
const ICON = { channels: "plug", bots: "robot", desks: "headset", rules: "route" };

export default function First({ service }) {
  const state = useStore(setup), [{ rules, error }, set] = useState({ rules: null, error: null }), [read, again] = useState(0);
  useEffect(() => { whole("v1/rules", { service_id: service }).then((found) => set({ rules: found, error: null }), (wrong) => set((was) => ({ ...was, error: wrong }))); }, [service, state.version, read]);
  if (error && rules === null) return html`<${Page} title=${t("nav.first")}><${Trouble} error=${error} again=${() => again((n) => n + 1)} /><//>`;
  if (state.service !== service || rules === null) return html`<${Page} title=${t("nav.first")}><${Loading} /><//>`;
  const { channels, bots, desks } = state;
  const chat = channels.find((one) => one.kind === "webchat"), routed = rules.filter((rule) => rule.to !== "none");
  const needs = [
    { page: "channels", shows: channels, done: Boolean(chat) },
    { page: "bots", shows: bots, done: bots.some((one) => one.status === "active") },
    { page: "desks", shows: desks, done: desks.some((one) => one.kind === "console") },
    { page: "rules", shows: routed, done: routed.length > 0 },
  ];
  const ready = Boolean(chat && routed.length);
  const made = async () => {
    await load(service, 0).catch(() => {});
    again((n) => n + 1);
  };
  return html`<${Page} title=${t("first.title")} lead=${t("first.lead")}><div class="grid g32 start"><ol class="steps">
      <${Step} n="1" state=${ready ? "done" : "now"} title=${t("first.needs")}><${Needs} needs=${needs} ready=${ready} service=${service} made=${made} /><//>
      ${ready ? html`<${Travel} service=${service} channel=${chat} word=${bots.find((one) => one.kind === "echo")?.human || HUMAN} />` : html`<${Step} n="2" state="later" title=${t("first.try")}><p class="muted">${t("first.not_yet")}</p><//>`}
      <${Step} n=${html`<${Icon} n="flag" />`} state="later" title=${t("first.after")}><ul class="col gap1">
        ${state.phones && html`<li><a href=${state.phones} target="_blank" rel="noopener">${t("first.after_phones")}</a></li>`}
        <li><a href=${href("rules")}>${t("first.after_rules")}</a></li>${may("admin") && html`<li><a href=${href("bots", "new")}>${t("first.after_bot")}</a></li>`}
        ${may("admin") && html`<li><a href=${href("people", "new")}>${t("first.after_people")}</a></li>`}${chat && html`<li><a href=${href("channels", chat.id)}>${t("first.after_page")}</a></li>`}</ul><//></ol>
    ${ready && html`<${Phone} channel=${chat} />`}</div><//>`;
}

const Step = ({ n, state, title: head, aside, flush, children }) => html`<li class=${`step ${state}`}><span class="n">${state === "done" ? html`<${Icon} n="check" />` : n}<span class="unseen">${t(state === "done" ? "first.done" : "first.open")}</span></span>
  <${Card} title=${head} aside=${aside} flush=${flush}>${children}<//></li>`;

// Channel, bot, desk and rule: what is there, and one press for what is not.
function Needs({ needs, ready, service, made }) {
  const [busy, wait] = useState(false), [wrong, say] = useState(null);
  const make = async () => {
    wait(true);
    say(null);
    try {
      await begin(service, needs);
      await made();
      deeds.say(t("first.made"));
    } catch (error) {
      say(error);
    } finally {
      wait(false);
    }
  };
  const missing = needs.filter((one) => !one.done);
  return html`<div class="col gap3"><ul class="needs">${needs.map(({ page, shows, done }) => html`<li class="row wrap"><${Icon} n=${done ? "circle-check" : "circle-dashed"} c=${done ? "c-ok" : "muted"} /><span class="unseen">${t(done ? "first.done" : "first.open")}</span><span class="grow"><b class="strong">${t(`first.${page}`)}</b> <span class="muted">${t(`first.${page}_more`)}</span></span>
      <span class="row wrap">${shows.slice(0, 3).map((one) => html`<a class="btn sm" href=${href(page, one.id)}><${Icon} n=${ICON[page]} />${one.name ?? one.id}${one.status && one.status !== "active" && html` <${Status} s=${one.status} />`}</a>`)}${!shows.length && may("admin") && html`<${Btn} kind="sm bare" icon="plus" onClick=${() => go(page, "new")}>${t(`new.${page}`)}<//>`}</span></li>`)}</ul>
    ${wrong && html`<${Trouble} error=${wrong} again=${make} />`}
    ${!ready && (may("admin") ? html`<div class="row wrap"><${Btn} kind="main" icon="bolt" disabled=${busy} aria-busy=${String(busy)} onClick=${make}>${t("first.make")}<//><span class="small muted">${t("first.makes", { what: missing.map((one) => t(`first.${one.page}_made`)).join(", ") })}</span></div>` : html`<${Note}>${t("first.ask_admin")}<//>`)}</div>`;
}

// What is missing is added, one by one and never more: each under a key of its own, so that a second press finds what the
// first has made, as long as the set-up is what was read.
async function begin(service, needs) {
  const standing = {}, { version } = setup.get(), named = (page) => t(`first.${page}_name`);
  const made = (page, fields) => post(`v1/${page}`, { service_id: service, name: named(page), ...fields }, { key: `first-${service}-${page}-${version}` });
  const one = { channels: { kind: "webchat" }, bots: { kind: "echo", human: t("first.human"), answer: t("first.answer", { text: "{text}" }) }, desks: { kind: "console" } };
  for (const page of ["channels", "bots", "desks"]) {
    const { shows } = needs.find((need) => need.page === page);
    standing[page] = shows.find((row) => (page === "bots" ? row.status === "active" : row.kind === one[page].kind)) ?? (await made(page, one[page]));
  }
  if (!needs.find((need) => need.page === "rules").done) await made("rules", { to: "bot+desk", bot_id: standing.bots.id, desk_id: standing.desks.id });
}

function Travel({ service, channel, word }) {
  const { last } = useStore(chatOf(channel.id)), way = useWay(service, last);
  const total = last?.shown ?? null;
  return html`<${Step} n="2" state=${total === null ? "now" : "done"} title=${t("first.say")} aside=${total !== null && html`<span class="small muted num">${t("first.there_and_back", { took: took(Math.round(total)) })}</span>`} flush=${Boolean(last)}>
    ${last ? html`<${Way} last=${last} way=${way} word=${word} />` : html`<p class="mid muted">${t("first.say_more")}</p>`}<//>`;
}

// The customer's side. It is a real chat over the real way.
function Phone({ channel }) {
  const { said, error, send } = useChat(channel.id), [text, type] = useState("");
  const ask = (e) => {
    e.preventDefault();
    // What stands there, which may be a key further than what was drawn last.
    const given = e.currentTarget.querySelector("input").value.trim();
    if (!given) return;
    send(given);
    type("");
  };
  const name = channel.settings?.title || channel.name;
  return html`<section class="col gap3" aria-label=${t("phone.title")}><div class="device"><div class="screen"><div class="app"><${Face} name=${name} k="sm" /><div class="grow"><div class="strong mid clip">${name}</div><div class="small">${t("phone.sub")}</div></div></div>
      <div class="talk scroll" role="log" tabindex="0" aria-label=${t("phone.title")}><div class="said">
        ${!said.length && html`<div class="b">${channel.settings?.greeting || t("phone.greeting")}</div>`}
        ${said.map((one) => html`<${Bubble} key=${one.id} one=${one} send=${send} />`)}</div></div>
      <form class="ask" onSubmit=${ask}><input aria-label=${t("phone.write")} placeholder=${t("phone.write")} value=${text} onInput=${(e) => type(e.target.value)} /><button aria-label=${t("phone.send")} title=${t("phone.send")}><${Icon} n="send" /></button></form></div></div>
    ${error && html`<${Note} k="bad" icon="alert-triangle" role="alert"><${Reason} error=${error} /><//>`}
    <p class="small muted center">${t("phone.real")} <a href=${channel.chat_url} target="_blank" rel="noopener">${t("first.chat")}</a></p></section>`;
}

function Bubble({ one, send }) {
  if (one.by === "event") return html`<div class="b note">${t(`phone.${one.event}`, { name: one.agent || t("author.agent") })}</div>`;
  return html`<div class=${`b ${one.by === "me" ? "me" : ""} ${one.sending ? "sending" : ""}`}>${one.by === "agent" && one.name && html`<b class="small">${one.name}</b>`}<span class="text">${one.text}</span>${one.unsent && html`<span class="small">${t("phone.unsent")}</span>`}
    ${one.buttons?.length > 0 && html`<div class="opts">${one.buttons.map((button) => html`<button type="button" onClick=${() => send(button.title, button.payload)}>${button.title}</button>`)}</div>`}</div>`;
}
