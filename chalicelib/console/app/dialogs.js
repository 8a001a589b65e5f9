// What is asked before a conversation is closed, put aside or handed on: one, or several at once.
import { call } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useState } from "./html.js";
import { Btn, Dialog, Icon } from "./parts.js";
import { who } from "./row.js";
import { holder } from "./rows.js";
import { may, session } from "./session.js";
import { setup } from "./setup.js";
import { useStore } from "./store.js";
import { weekday } from "./time.js";
import { t } from "./words.js";

const USUAL = ["solved", "passed_on", "no_answer", "not_for_us"];

export function Close({ desk, close, done }) {
  const outcomes = desk?.outcomes?.length ? desk.outcomes.map((one) => [one, one]) : USUAL.map((one) => [one, t(`outcome.${one}`)]);
  const [chosen, choose] = useState(outcomes[0][0]);
  return html`<${Dialog} title=${t("close.title")} close=${close}><form class="col gap3" onSubmit=${(e) => { e.preventDefault(); done(chosen); }}>
    <div class="col gap1" role="radiogroup" aria-label=${t("close.title")}>${outcomes.map(([value, label], n) => html`<label class="row mid pick1"><input type="radio" name="outcome" data-first=${n === 0 ? "" : undefined} checked=${value === chosen} onChange=${() => choose(value)} />${label}</label>`)}</div>
    <div class="row"><button class="btn main grow"><${Icon} n="circle-check" />${t("do.close")}</button><${Btn} onClick=${close}>${t("do.cancel")}<//></div></form><//>`;
}

function at(hours, days = 0) {
  const when = new Date();
  when.setDate(when.getDate() + days);
  when.setHours(hours, 0, 0, 0);
  return when;
}

export function Snooze({ close, done }) {
  const soon = (minutes) => new Date(Date.now() + minutes * 60_000);
  const monday = (8 - new Date().getDay()) % 7 || 7;
  const choices = [["snooze.hour", soon(60)], ["snooze.hours", soon(180)], ["snooze.tomorrow", at(9, 1)], ["snooze.monday", at(9, monday)]];
  const [own, say] = useState("");
  return html`<${Dialog} title=${t("do.snooze")} close=${close}><div class="col">
    ${choices.map(([word, when], n) => html`<${Btn} data-first=${n === 0 ? "" : undefined} icon="clock" onClick=${() => done(when.toISOString())}>${t(word)}<span class="push muted small num">${weekday(when)}</span><//>`)}
    <form class="row" onSubmit=${(e) => { e.preventDefault(); done(new Date(own).toISOString()); }}><label class="grow"><span class="unseen">${t("snooze.own")}</span><input class="field" type="datetime-local" required value=${own} onInput=${(e) => say(e.target.value)} /></label>
      <button class="btn" disabled=${!own || new Date(own) <= new Date()}>${t("do.snooze")}</button></form></div><//>`;
}

export function Transfer({ desk, me, close, toDesk, toPerson }) {
  const { desks, people } = useStore(setup);
  const others = desks.filter((one) => one.id !== desk);
  const mates = people.filter((one) => one.id !== me.id && one.role !== "read" && (one.desk_ids == null || one.desk_ids.includes(desk)));
  return html`<${Dialog} title=${t("do.transfer")} close=${close}><div class="col">
    ${mates.length > 0 && html`<h3>${t("transfer.people")}</h3>`}${mates.map((one) => html`<${Btn} icon="user" onClick=${() => toPerson({ id: one.id, name: one.name })}>${one.name}<//>`)}
    ${others.length > 0 && html`<h3>${t("transfer.desks")}</h3>`}${others.map((one) => html`<${Btn} icon="headset" disabled=${one.status !== "active"} onClick=${() => toDesk(one.id)}>${one.name}<//>`)}
    ${!mates.length && !others.length && html`<p class="muted">${t("transfer.nobody")}</p>`}</div><//>`;
}

// Tags that a person gets beside those that they have.
function Tag({ close, done }) {
  const [text, type] = useState(""), tags = text.split(",").map((one) => one.trim()).filter(Boolean);
  return html`<${Dialog} title=${t("tag.title")} close=${close}><form class="col gap3" onSubmit=${(e) => { e.preventDefault(); if (tags.length) done(tags); }}>
    <label class="col gap1"><span class="label">${t("col.tags")}</span><input class="field" data-first="" value=${text} onInput=${(e) => type(e.target.value)} /><span class="small muted">${t("contact.tags_more")} ${t("tag.more")}</span></label>
    <div class="row"><button class="btn main grow" disabled=${!tags.length}><${Icon} n="tag" />${t("do.tag")}</button><${Btn} onClick=${close}>${t("do.cancel")}<//></div></form><//>`;
}

// ---- several at once ----

const AT_ONCE = 4;

// `rows` are those that are chosen; `keep(ids)` leaves these chosen, `close()` ends choosing.
export function Bulk({ rows, keep, close }) {
  const [asking, ask] = useState(""), [left, tell] = useState([]), [going, go] = useState(false);
  const { me } = session.get();
  const desk = rows.every((one) => one.desk_id === rows[0].desk_id) ? rows[0]?.desk_id : "";
  // An agent leaves alone what a colleague has.
  const theirs = (row) => holder(row) && holder(row).id !== me.id && !may("admin");
  const one = async (row, deed) => {
    try {
      return (await deed(row)) ?? "";
    } catch (error) {
      return error.message;
    }
  };
  const act = (body, change) => each((row) => (theirs(row) ? t("composer.of_another", { name: holder(row).name ?? "" }) : deeds.event(row.conversation_id, body, { change }).then(() => "")));
  // Who the chats are with, of whom some may be in several; whoever has a chat, its customer is everybody's.
  const tag = (tags) => {
    const asked = new Map();
    const once = (id) => asked.get(id) ?? asked.set(id, call("PATCH", `v1/contacts/${encodeURIComponent(id)}`, { add_tags: tags }).then(() => "")).get(id);
    return each((row) => (row.contact?.id ? once(row.contact.id) : t("contact.unknown")));
  };
  // `deed(row)` gives why it was not done, or nothing.
  const each = async (deed) => {
    ask("");
    go(true);
    const waiting = [...rows], wrong = [];
    const worker = async () => {
      for (let row = waiting.shift(); row; row = waiting.shift()) {
        const why = await one(row, deed);
        if (why) wrong.push({ row, why });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    go(false);
    tell(wrong);
    deeds.say(t("bulk.done", { n: rows.length - wrong.length }));
    if (wrong.length) keep(wrong.map(({ row }) => row.conversation_id));
    else close();
  };
  const button = (icon, word, what) => html`<${Btn} kind="sm" icon=${icon} disabled=${!rows.length || going} onClick=${() => ask(what)}>${t(word)}<//>`;
  return html`<section class="bulk" aria-label=${t("bulk.title")}>
    <div class="row"><b class="strong grow" role="status">${t("bulk.chosen", { n: rows.length })}</b><${Btn} kind="bare sm icon" icon="x" label=${t("bulk.end")} onClick=${close} /></div>
    <div class="row wrap gap1">${button("circle-check", "do.close", "close")}${button("clock-pause", "do.snooze", "snooze")}${button("arrows-transfer-down", "do.transfer", "transfer")}${button("tag", "do.tag", "tag")}</div>
    ${left.length > 0 && html`<div class="note bad" role="alert"><${Icon} n="alert-triangle" /><div class="grow"><b class="strong">${t("bulk.left", { n: left.length })}</b><ul>${left.map(({ row, why }) => html`<li>${who(row)}: ${why}</li>`)}</ul></div></div>`}
    ${asking === "tag" && html`<${Tag} close=${() => ask("")} done=${tag} />`}
    ${asking === "close" && html`<${Close} desk=${setup.get().byId.get(desk)} close=${() => ask("")} done=${(outcome) => act({ type: "chat.closed", outcome }, { state: "closed" })} />`}
    ${asking === "snooze" && html`<${Snooze} close=${() => ask("")} done=${(until) => act({ type: "chat.snoozed", until }, { snoozed_until: until })} />`}
    ${asking === "transfer" && html`<${Transfer} desk=${desk} me=${me} close=${() => ask("")} toDesk=${(to) => act({ type: "chat.transferred", desk_id: to }, { state: "closed" })} toPerson=${(agent) => act({ type: "chat.assigned", agent }, { agent, state: "accepted" })} />`}</section>`;
}
