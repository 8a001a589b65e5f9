// The inbox: what is mine, below it what waits, beside it the conversation and its person.
import * as deeds from "./deeds.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { useKeys } from "./keys.js";
import { Later } from "./later.js";
import { Btn, Chip, Empty, Face, Icon, Loading, Trouble } from "./parts.js";
import { go, href } from "./place.js";
import { due, said, who } from "./row.js";
import { holder, listed, load, older, rows } from "./rows.js";
import { may, session } from "./session.js";
import { setup } from "./setup.js";
import { fetchAll } from "./start.js";
import { useStore } from "./store.js";
import { ago, useNow } from "./time.js";
import { t, withMore } from "./words.js";

export const title = () => t("nav.inbox");
const LISTS = ["mine", "queue", "all"];
// Conversations are a part of their own: asked for once the list stands, so it is there before one is opened.
const reader = async () => { await fetchAll("next"); return import("./conversation.js"); };
const bulk = () => withMore(import("./dialogs.js"));

function Item({ row, id, now, list, picked, toggle }) {
  const left = due(row, now);
  const chips = [
    row.mentions?.includes(session.get().me.id) && html`<${Chip} k="warn" icon="at">${t("row.mentioned")}<//>`,
    left && html`<${Chip} k=${left.k} icon=${left.icon}><span class="num">${left.says}</span><//>`,
    row.reason === "bot_failing" && html`<${Chip} k="bot" icon="robot">${t("row.bot_failed")}<//>`,
    holder(row) && list !== "mine" && html`<${Chip} icon="user">${holder(row).name ?? holder(row).id}<//>`,
  ];
  return html`<li class=${picked ? "picking" : ""}>${picked && html`<label class="tick"><input type="checkbox" aria-label=${t("bulk.pick", { name: who(row) })} checked=${picked.has(row.conversation_id)} onClick=${(e) => toggle(row.conversation_id, e.shiftKey)} /></label>`}<a class=${`item ${row.unread ? "unread" : ""}`} data-row=${row.conversation_id} href=${href("inbox", row.conversation_id)} aria-current=${row.conversation_id === id ? "true" : undefined}>
    <${Face} name=${who(row)} channel=${row.channel_kind} /><span class="who clip">${who(row)}</span><span class="small faint num">${ago(row.last?.at ?? row.opened_at, now)}</span>
    <span class="say clip">${said(row)}</span>
    <span class="foot">${chips}${row.unread > 0 && html`<span class="count hot push" aria-label=${t("row.unread", { n: row.unread })}>${row.unread > 99 ? "99+" : row.unread}</span>`}</span></a></li>`;
}

export default function Inbox({ id }) {
  const state = useStore(rows), now = useNow(5000), { desks } = useStore(setup);
  const [list, choose] = useState("mine"), [words, find] = useState(""), [side, show] = useState(false);
  useEffect(() => {
    if ((list === "all" || list === "snoozed") && !state.loaded[list] && state.service) load(state.service, list).catch(() => {});
  }, [list, state.service]);
  const lists = useMemo(() => Object.fromEntries([...LISTS, "snoozed", "mentions"].map((name) => [name, listed(state, name)])), [state, Math.floor(now / 60_000)]);
  const matching = (found) => (words ? found.filter((row) => `${who(row)} ${row.address} ${row.last?.text ?? ""}`.toLowerCase().includes(words.toLowerCase())) : found);
  const shown = matching(lists[list]), queue = matching(lists.queue);
  const order = list === "mine" ? [...shown, ...queue] : shown;
  const claimNext = async () => {
    const found = await deeds.claimNext(lists.queue);
    if (found) go("inbox", found);
    else if (!lists.queue.length) deeds.say(t("claim.none"));
  };
  const step = (by) => {
    const at = order.findIndex((row) => row.conversation_id === id);
    const next = order[Math.max(0, Math.min(order.length - 1, at < 0 ? 0 : at + by))];
    if (next) go("inbox", next.conversation_id);
  };
  // Choosing several: null while nobody does.
  const [picked, pick] = useState(null), from = useRef("");
  const toggle = (one, range) => {
    const ids = order.map((row) => row.conversation_id), next = new Set(picked);
    const [a, b] = [ids.indexOf(from.current), ids.indexOf(one)].sort((x, y) => x - y);
    if (range && a >= 0) for (const each of ids.slice(a, b + 1)) next.add(each);
    else if (!next.delete(one)) next.add(one);
    from.current = one;
    pick(next);
  };
  const claim = () => {
    const row = state.byId.get(id);
    return row && !holder(row) ? deeds.claim(id) : claimNext();
  };
  useKeys({ j: () => step(1), k: () => step(-1), ...(may("agent") ? { c: claim } : {}), ...(may("agent") && order.length ? { x: (e) => toggle(document.activeElement?.closest("[data-row]")?.dataset.row ?? id ?? order[0].conversation_id, e.shiftKey) } : {}), ...(picked ? { escape: () => pick(null) } : {}) });
  const row = id ? state.byId.get(id) : null;
  const loaded = state.loaded.mine && state.loaded.queue;
  const [reading, read] = useState({}), wanted = Boolean(loaded || state.error || id);
  useEffect(() => { if (wanted) reader().then(read, (error) => read({ error })); }, [wanted]);
  const count = (name) => `${lists[name].length}${state.more[name] ? "+" : ""}`;
  const tab = (name, inside, label) => html`<button type="button" aria-pressed=${String(name === list)} title=${label} onClick=${() => choose(name)}>${label && html`<span class="unseen">${label}</span>`}${inside}</button>`;
  const empty = words ? [t("inbox.no_match", { words }), "search"] : list === "snoozed" ? [t("inbox.none_snoozed"), "clock-pause"] : list === "mentions" ? [t("inbox.none_mentions"), "at"] : [t("inbox.none"), "inbox"];
  return html`<h1 class="unseen">${t("nav.inbox")}</h1><div class=${`inbox ${id ? "reading" : ""}`}>
    <section class="ilist" aria-label=${t("inbox.list")}><div class="top">
      <div class="row"><h2 class="grow big">${t("nav.inbox")}</h2>${may("agent") && order.length > 0 && html`<${Btn} kind="bare sm icon" icon="list-check" label=${t("bulk.begin")} aria-pressed=${String(Boolean(picked))} onClick=${() => pick(picked ? null : new Set())} />`}</div>
      <div class="find"><${Icon} n="search" /><input class="field" type="search" aria-label=${t("inbox.find")} placeholder=${t("inbox.find")} value=${words} onInput=${(e) => find(e.target.value)} /></div>
      <div class="tabs" role="group" aria-label=${t("inbox.which")}>
        ${LISTS.map((name) => tab(name, html`${t(`inbox.${name}`)}${(name !== "all" || state.loaded.all) && html`<span class="count">${count(name)}</span>`}`))}
        <span class="push"></span>${(lists.mentions.length > 0 || list === "mentions") && tab("mentions", html`<${Icon} n="at" /><span class="count">${count("mentions")}</span>`, t("inbox.mentions"))}${tab("snoozed", html`<${Icon} n="clock-pause" />${state.loaded.snoozed && html`<span class="count">${count("snoozed")}</span>`}`, t("inbox.snoozed"))}</div></div>
      ${state.error && html`<div class="pad"><${Trouble} error=${state.error} again=${() => load(state.service, list).catch(() => {})} /></div>`}
      ${!loaded && !state.error ? html`<${Loading} rows=${6} />` : html`<ul class="scroll" tabindex="0" aria-label=${t("inbox.list")}>
        ${shown.map((one) => html`<${Item} key=${one.conversation_id} row=${one} id=${id} now=${now} list=${list} picked=${picked} toggle=${toggle} />`)}
        ${!shown.length && (list !== "mine" || words) && html`<li class="pad muted mid row"><${Icon} n=${empty[1]} />${empty[0]}</li>`}
        ${list === "mine" && html`<li class="sub"><span class="label">${t("inbox.in_queue")}</span><span class="count">${count("queue")}</span><span class="push"></span>${
          may("agent") && lists.queue.length > 0 && html`<${Btn} kind="sm" icon="user" onClick=${claimNext}>${t("claim.next")}<//>`}</li>
          ${queue.map((one) => html`<${Item} key=${one.conversation_id} row=${one} id=${id} now=${now} list="queue" picked=${picked} toggle=${toggle} />`)}
          ${!queue.length && !words && html`<li class="pad muted mid row"><${Icon} n="circle-check" />${t("inbox.nothing_waits")}</li>`}`}
        ${state.more[list] && html`<li class="pad"><${Btn} kind="sm" onClick=${deeds.trying(() => older(list))}>${t("list.more")}<//></li>`}</ul>`}
      ${picked && html`<${Later} load=${bulk} what="Bulk" rows=${[...picked].map((one) => state.byId.get(one)).filter(Boolean)} keep=${(ids) => pick(new Set(ids))} close=${() => pick(null)} />`}
    </section>
    ${id ? reading.Conversation ? html`<${reading.Conversation} key=${id} id=${id} row=${row} side=${side} show=${show} back="inbox" />` : html`<section class="conv"><div class="pad">${reading.error ? html`<${Trouble} error=${reading.error} again=${() => location.reload()} />` : html`<${Loading} />`}</div></section>` : html`<section class="conv only-wide"><${Empty} icon="inbox" title=${t("inbox.nothing_open")}
      action=${may("agent") && lists.queue.length > 0 && html`<${Btn} kind="main" icon="user" onClick=${claimNext}>${t("claim.next")}<//>`}>${desks.length && !desks.some((desk) => desk.kind === "console") ? t("inbox.no_desk") : t("inbox.choose")}<//></section>`}
  </div>`;
}
