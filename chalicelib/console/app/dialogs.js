// What is asked before a conversation is closed, put aside or handed on.
import { html, useState } from "./html.js";
import { Btn, Dialog, Icon } from "./parts.js";
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
