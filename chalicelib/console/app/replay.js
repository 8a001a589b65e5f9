// Sending deliveries again: first it is counted what would go, to whom and how long it takes; then it goes, by itself.
import { get, post, query, unique } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useState } from "./html.js";
import { fieldOf, kindOf } from "./kinds.js";
import { Btn, Dialog, Icon, Note } from "./parts.js";
import { who } from "./row.js";
import { may } from "./session.js";
import { named } from "./setup.js";
import { ms, span, useEvery, whole } from "./time.js";
import { t } from "./words.js";

const STATUSES = ["failed", "expired", "poison", "unknown", "delivered"];
const PAGES = 10; // what is counted before is one look for each
const A_MINUTE = 500; // deliveries that go
const RECENT_MS = 15 * 60_000, EVERY_MS = 3000;
const local = (when) => new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

// What would go, page after page: {count, skipped, people, first_at, last_at, seconds, more}.
async function counted(given, signal) {
  const all = { count: 0, skipped: {}, people: [], first_at: null, last_at: null, seconds: 0, more: false };
  let since = given.since;
  for (let page = 0; since && page < PAGES; page += 1) {
    const told = await post("v1/deliveries:replay", { ...given, since, dry_run: true }, { signal });
    all.count += told.count;
    for (const [why, n] of Object.entries(told.skipped)) all.skipped[why] = (all.skipped[why] ?? 0) + n;
    all.people.push(...told.people.slice(0, 10 - all.people.length));
    all.first_at ??= told.first_at;
    all.last_at = told.last_at ?? all.last_at;
    all.seconds += told.seconds;
    since = told.next_since;
  }
  return { ...all, more: Boolean(since) };
}

export function Replay({ id, name, close, done }) {
  const [asked, ask] = useState({ since: local(new Date(Date.now() - 2 * 3_600_000)), until: local(new Date(Date.now() + 60_000)), statuses: ["failed", "expired", "poison"] });
  const [told, hear] = useState(null), [wrong, say] = useState(""), [going, go] = useState(false);
  const at = (text) => new Date(text).toISOString();
  useEffect(() => {
    hear(null);
    if (!asked.since || !asked.until || !asked.statuses.length) return undefined;
    const ended = new AbortController();
    const given = { [fieldOf(kindOf(id))]: id, since: at(asked.since), until: at(asked.until), statuses: asked.statuses };
    const timer = setTimeout(() => counted(given, ended.signal).then((found) => { hear(found); say(""); }, (error) => error.name !== "AbortError" && say(error.message)), 300);
    return () => { clearTimeout(timer); ended.abort(); };
  }, [asked]);
  const start = async () => {
    go(true);
    try {
      done(await post("v1/replays", { destination_id: id, from: at(asked.since), to: at(asked.until), statuses: asked.statuses }, { key: unique() }));
    } catch (error) {
      say(error.code === "already_running" ? t("replay.busy") : error.message);
      go(false);
    }
  };
  const change = (name_) => (e) => ask({ ...asked, [name_]: e.target.value });
  const skipped = told ? Object.entries(told.skipped).filter(([, n]) => n > 0) : [];
  const takes = told && Math.max(told.seconds * 1000, Math.floor((told.count - 1) / A_MINUTE) * 60_000);
  const people = told ? [...new Set(told.people.map((one) => who({ contact: one, address: one.address, channel_kind: one.channel_kind })))] : [];
  return html`<${Dialog} title=${t("replay.title", { name })} close=${close} kind="wide2"><div class="col gap3">
    <div class="row wrap"><div class="formrow grow"><label class="label" for="re-since">${t("replay.since")}</label><input id="re-since" class="field" type="datetime-local" data-first="" value=${asked.since} onInput=${change("since")} /></div>
      <div class="formrow grow"><label class="label" for="re-until">${t("replay.until")}</label><input id="re-until" class="field" type="datetime-local" value=${asked.until} onInput=${change("until")} /></div></div>
    <fieldset class="bare row wrap"><legend class="label">${t("replay.which")}</legend>${STATUSES.map((one) => html`<label class="row mid gap1"><input type="checkbox" class="check" checked=${asked.statuses.includes(one)} onChange=${(e) => ask({ ...asked, statuses: e.target.checked ? [...asked.statuses, one] : asked.statuses.filter((other) => other !== one) })} />${t(`status.${one}`)}</label>`)}</fieldset>
    ${asked.statuses.includes("delivered") && html`<${Note} k="warn" icon="alert-triangle">${t("replay.delivered")}<//>`}
    ${wrong && html`<${Note} k="bad" icon="alert-triangle" role="alert">${wrong}<//>`}
    ${told && html`<div role="status"><${Note} icon="info-circle"><b class="strong">${t(told.more ? "replay.more" : "replay.count", { n: told.count, name })}</b> ${t("replay.order")}
      ${people.length > 0 && html`<br />${t(people.length < 10 && !told.more ? "replay.about" : "replay.about_more", { people: people.join(", ") })}`}
      ${told.first_at && html`<br />${t("replay.from_to", { from: whole(told.first_at), to: whole(told.last_at) })}`}${takes > 0 && html` ${t("replay.takes", { span: span(takes) })}`}
      ${skipped.length > 0 && html`<br />${skipped.map(([why, n]) => t(`replay.skipped.${why}`, { n })).join(" ")}`}<//></div>`}
    <div class="row"><${Btn} kind="main grow" icon="rotate-clockwise" disabled=${!(told?.count || told?.more) || going} onClick=${start}>${t("replay.start")}<//><${Btn} onClick=${close}>${t("do.cancel")}<//></div></div><//>`;
}

const goesOn = (one) => one.state === "counting" || one.state === "running";

// Replays that go on, and those that ended a moment ago; there after a reload as well. `of`: a service or a destination;
// `begun`: changes when another has begun.
export function Replays({ of, begun }) {
  const [found, set] = useState([]);
  const read = () => get(query("v1/replays", { ...of, limit: 20 })).then((answer) => set(answer.data), () => {});
  const key = JSON.stringify([of, begun]);
  useEffect(() => { read(); }, [key]);
  useEvery(found.some(goesOn) ? EVERY_MS : 0, read, [key]);
  const shown = found.filter((one) => goesOn(one) || Date.now() - ms(one.finished_at) < RECENT_MS).slice(0, 5);
  const end = deeds.trying(async (one) => {
    await post(`v1/replays/${encodeURIComponent(one.id)}/cancel`, {}, { key: unique() });
    read();
  });
  return shown.map((one) => {
    const name = named(one.destination_id), over = one.done + one.failed, left = Object.entries(one.skipped).filter(([, n]) => n > 0);
    return html`<div class="note replay ${one.state === "failed" ? "bad" : one.state === "done" ? "ok" : ""}" key=${one.id}><${Icon} n=${one.state === "done" ? "check" : one.state === "failed" ? "alert-triangle" : "rotate-clockwise"} />
      <div class="grow col gap1"><span><b class="strong">${t("replay.to", { name })}</b> ${t(`replay.is.${one.state}`, { n: one.state === "counting" ? one.counted : over, of: one.counted })}${one.failed > 0 && ` ${t("replay.gone", { n: one.failed })}`}${one.state === "done" && left.length > 0 && ` ${left.map(([why, n]) => t(`replay.skipped.${why}`, { n })).join(" ")}`}
          <span class="muted small"> ${t("replay.by", { who: one.created_by.name || named(one.created_by.id) || one.created_by.id, at: whole(one.created_at) })}</span></span>
        ${one.state === "running" && html`<progress max=${Math.max(1, one.counted)} value=${over} aria-label=${t("replay.to", { name })}></progress>`}</div>
      ${goesOn(one) && may("admin") && html`<${Btn} kind="sm" onClick=${() => end(one)}>${t("do.cancel")}<//>`}</div>`;
  });
}
