// Every conversation of the service, whoever has it, or those that a filter leaves; one of them beside the list.
import { Conversation } from "./conversation.js";
import { html, useState } from "./html.js";
import { kindIcon } from "./kinds.js";
import { Listed, useList } from "./listing.js";
import { Btn, Chip, Empty, Face, Icon, Status } from "./parts.js";
import { go, href } from "./place.js";
import { who } from "./row.js";
import { rows } from "./rows.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { stamp, whole } from "./time.js";
import { known, t } from "./words.js";

export const title = () => t("nav.conversations");
const LIVE_MS = 15_000;
const STATES = ["open", "offered", "accepted", "held", "closed"], OWNERS = ["bot", "desk", "nobody"];
const NAMES = ["state", "owner", "desk_id", "agent", "outcome", "channel_id", "from", "to"];
const local = (at) => (at ? new Date(Date.parse(at) - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");

export default function Conversations({ id, filter, service }) {
  const given = Object.fromEntries(NAMES.map((name) => [name, filter.get(name) ?? ""]).filter(([, value]) => value));
  const chosen = Object.keys(given), narrowed = chosen.length > 0;
  // What is narrowed reads many to show some: it is read again when somebody asks.
  const list = useList("v1/conversations", { service_id: service, ...given }, { every: narrowed ? 0 : LIVE_MS }), { byId } = useStore(rows);
  const { desks, people, channels } = useStore(setup);
  const [side, show] = useState(false), [open, unfold] = useState(false);
  const narrow = (name, value) => go("conversations", id, Object.fromEntries(Object.entries({ ...given, [name]: value }).filter(([, one]) => one)));
  const party = (one) => named(one.bot_id ?? one.desk_id ?? one.source_id) || t(`author.${one.kind}`);
  const outcomes = [...new Set([...desks.flatMap((one) => one.outcomes ?? []), "solved", "passed_on", "no_answer", "not_for_us", ...(given.outcome ? [given.outcome] : [])])];
  const outcome = (one) => (known(`outcome.${one}`) ? t(`outcome.${one}`) : one);
  const SAYS = { state: (one) => t(`status.${one}`), owner: (one) => t(`filter.owner.${one}`), outcome, from: whole, to: whole };
  const says = (name) => `${t(`filter.${name}`)}: ${(SAYS[name] ?? ((one) => named(one) || one))(given[name])}`;
  const pick = (name, of, label) => html`<label class="formrow"><span class="label">${t(`filter.${name}`)}</span><select class="field wide1" value=${given[name] ?? ""} onChange=${(e) => narrow(name, e.target.value)}>
    <option value="">${t("filter.any")}</option>${of.map((one) => html`<option value=${one}>${label(one)}</option>`)}${given[name] && !of.includes(given[name]) && html`<option value=${given[name]}>${given[name]}</option>`}</select></label>`;
  const when = (name) => html`<label class="formrow"><span class="label">${t(`filter.${name}`)}</span><input class="field" type="datetime-local" value=${local(given[name])} onChange=${(e) => narrow(name, e.target.value ? new Date(e.target.value).toISOString() : "")} /></label>`;
  const ids = (all) => all.map((one) => one.id);
  const clear = html`<${Btn} icon="x" onClick=${() => go("conversations", id)}>${t("filter.clear")}<//>`;
  const empty = narrowed ? { icon: "filter", title: t("filter.none"), more: html`${chosen.map(says).join(" · ")}`, action: clear } : { icon: "list-search", title: t("conversations.none"), more: t("conversations.none_more") };
  return html`<h1 class="unseen">${t("nav.conversations")}</h1><div class=${`inbox ${id ? "reading" : ""}`}>
    <section class="ilist" aria-label=${t("nav.conversations")}><div class="top"><div class="row"><h2 class="big grow">${t("nav.conversations")}</h2><${Btn} kind="sm" icon="filter" aria-expanded=${String(open)} onClick=${() => unfold(!open)}>${t("filter.do")}${narrowed && html` <span class="count">${chosen.length}</span>`}<//></div>
      ${open && html`<div class="narrow" role="group" aria-label=${t("filter.do")}>${pick("state", STATES, (one) => t(`status.${one}`))}${pick("owner", OWNERS, (one) => t(`filter.owner.${one}`))}${pick("desk_id", ids(desks), named)}${pick("agent", ids(people), named)}${pick("outcome", outcomes, outcome)}${pick("channel_id", ids(channels), named)}${when("from")}${when("to")}</div>`}
      ${narrowed ? html`<div class="row wrap gap1 tags">${chosen.map((name) => html`<button type="button" class="chip line" key=${name} aria-label=${t("filter.without", { what: says(name) })} onClick=${() => narrow(name, "")}>${says(name)}<${Icon} n="x" /></button>`)}</div>` : html`<p class="small muted">${t("conversations.lead")}</p>`}</div>
      <div class="scroll grow" tabindex="0"><${Listed} list=${list} within=${true} empty=${empty}>
        ${!list.data.length && html`<p class="pad muted small">${t("filter.further")}</p>`}
        <ul>${list.data.map((one) => html`<li key=${one.id}><a class="item" href=${href("conversations", one.id, given)} aria-current=${one.id === id ? "true" : undefined}>
          <${Face} name=${who(one)} channel=${one.source} /><span class="who clip">${who(one)}</span><span class="small faint num">${stamp(one.opened_at)}</span>
          <span class="say clip"><${Icon} n=${kindIcon(one.kind)} /> ${party(one)}${one.agent?.name && ` · ${one.agent.name}`}</span><span class="foot"><${Status} s=${one.state} />${one.test && html`<${Chip} icon="flag">${t("conversation.test")}<//>`}${one.outcome && html`<span class="small muted clip">${outcome(one.outcome)}</span>`}</span></a></li>`)}</ul><//></div></section>
    ${id ? html`<${Conversation} key=${id} id=${id} row=${byId.get(id)} side=${side} show=${show} back="conversations" />` : html`<section class="conv only-wide"><${Empty} icon="list-search" title=${t("inbox.nothing_open")}>${t("conversations.choose")}<//></section>`}</div>`;
}
