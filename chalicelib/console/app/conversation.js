// One conversation: who has it and why, what was said and tried, and the answer that is written.
import { unique } from "./api.js";
import { Composer } from "./composer.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { useKeys } from "./keys.js";
import { Later } from "./later.js";
import { live } from "./live.js";
import { Btn, Chip, Dialog, Face, Icon, Loading, Note, Owner, Status, Trouble, channelIcon, channelName } from "./parts.js";
import { Person } from "./person.js";
import { go, href, place } from "./place.js";
import { Ribbon, owners } from "./ribbon.js";
import { due, who } from "./row.js";
import { holder } from "./rows.js";
import { may, session } from "./session.js";
import { isConsole, named as nameOf, setup } from "./setup.js";
import { Stream, outcomeWord, why } from "./stream.js";
import { store, useStore } from "./store.js";
import { clock, ms, sameDay, span, stamp, useNow } from "./time.js";
import { useTimeline } from "./timeline.js";
import { parts, t } from "./words.js";

// Conversation -> what was sent from here and does not stand among its messages yet; it outlives the page of it. What was
// not taken also outlives the tab's page, for the one who wrote it: a session ends, and signing in leaves the page.
const unsent = store(new Map()), NONE = [];
const kept = (person, id) => `unsent ${person} ${id}`;
const restored = (person, id) => JSON.parse(sessionStorage.getItem(kept(person, id)) ?? "[]").map((one) => ({ ...one, error: one.error ?? t("message.cut") }));
// "12:03" of today, "3 Nov, 12:03" of another day.
const when = (at) => (sameDay(at, Date.now()) ? clock(at) : `${stamp(at)}, ${clock(at)}`);

export function Conversation({ id, row, side, show, back }) {
  const timeline = useTimeline(id, row?.version ?? 0);
  const now = useNow(5000), { me } = session.get(), { presence, visitor } = useStore(live);
  useStore(setup);
  const [asking, ask] = useState(""), [all, showAll] = useState(false);
  const pending = useStore(unsent).get(id) ?? NONE;
  const wait = (change) => {
    const now = change(unsent.get().get(id) ?? NONE), open = now.filter((one) => !one.message);
    if (open.length) sessionStorage.setItem(kept(me.id, id), JSON.stringify(open));
    else sessionStorage.removeItem(kept(me.id, id));
    unsent.set(new Map(unsent.get()).set(id, now));
  };
  useEffect(() => { if (!unsent.get().has(id)) wait(() => restored(me.id, id)); }, [id]);
  const focus = useRef(() => {});
  const { conversation, conversations, data } = timeline;
  const thread = conversation?.thread;
  // A row that is closed says no more of whose it was.
  const channel = row?.channel_kind || thread?.channel_kind || "";
  const contact = { id: thread?.contact?.id ?? row?.contact?.id ?? null, name: thread?.contact?.name ?? row?.contact?.name ?? null };
  const address = row?.address || thread?.address || "";
  const name = who({ contact, address, channel_kind: channel });
  const state = row?.state ?? conversation?.state ?? "";
  const agent = row ? holder(row) : conversation?.agent;
  const isDesk = (row ?? conversation) && (row?.desk_id ?? conversation?.desk_id);
  const here = isDesk && isConsole(isDesk) && state !== "closed" && may("agent");
  const mine = here && agent?.id === me.id;
  const others = presence.filter((one) => one.conversation_id === id);
  // What was sent from here goes once it stands among the messages.
  useEffect(() => {
    const there = new Set(data.map((one) => one.id));
    if (pending.some((one) => there.has(one.message))) wait((was) => was.filter((one) => !there.has(one.message)));
  }, [data]);
  // Who was mentioned and now sees what was said has looked.
  const named = row?.mentions?.includes(me.id) && !timeline.loading, lastAt = data.at(-1)?.sent_at;
  useEffect(() => { if (named && lastAt && document.visibilityState === "visible") deeds.looked(id, lastAt); }, [named, lastAt]);
  const begun = useRef(Date.now());
  const crossed = () => {
    const last = data.findLast((one) => one.author.kind === "agent" && one.type !== "note");
    return last && last.author.id !== me.id && ms(last.sent_at) > begun.current ? last.author.name || t("author.agent") : "";
  };
  // Under one id however often it is tried, so that it is said once.
  const attempt = async ({ error: _, ...one }) => {
    const { note, then, ...said } = one, change = (by) => wait((was) => was.map((other) => (other.id === one.id ? { ...other, ...by } : other)));
    wait((was) => [...was.filter((other) => other.id !== one.id), one]);
    try {
      const answer = await deeds.event(id, { type: note ? "agent.note" : "agent.message", ...said });
      change({ message: answer.message_id });
      timeline.again();
      if (then && !note) ask(then);
    } catch (error) {
      deeds.refused(error);
      change({ error: error.message });
    }
  };
  const send = (said, note, then) => {
    begun.current = Date.now();
    return attempt({ ...said, id: `console-${unique()}`, note, then });
  };
  const tried = useMemo(() => pending.map((one) => ({ ...one, again: () => attempt(one), drop: () => wait((was) => was.filter((other) => other.id !== one.id)) })), [pending]);
  // Who is somewhere else by the time it is done stays there.
  const leave = async (deed) => (await deed) && back === "inbox" && place.get().page === "inbox" && place.get().id === id && go("inbox");
  const hold = () => deeds.hold({ ...row, conversation_id: id, state });
  const keys = here ? {
    n: () => focus.current(true), d: () => showAll(!all), u: () => row?.unread > 0 && deeds.seen(row, data.at(-1)?.sequence ?? 0),
    ...(mine ? { r: () => focus.current(false), e: () => ask("close"), s: () => ask("snooze"), t: () => ask("transfer"), h: hold, b: () => leave(deeds.toBot(id)) } : {}),
  } : { d: () => showAll(!all) };
  useKeys(keys);
  if (timeline.error && !data.length) return html`<section class="conv"><div class="pad"><a class="btn bare icon only-phone" href=${href(back, "", place.get().filter)} aria-label=${t("conversation.back")}><${Icon} n="chevron-left" /></a><${Trouble} error=${timeline.error} again=${timeline.again} /></div></section>`;
  // Until when the customer may be written to freely; later only templates go.
  const open = thread?.window ? ms(thread.window.open_until) - now : Infinity;
  const left = row && row.state !== "closed" ? due(row, now) : null;
  return html`<section class="conv" aria-label=${t("conversation.with", { name })}>
    <header class="convhead"><a class="btn bare icon only-phone" href=${href(back, "", place.get().filter)} aria-label=${t("conversation.back")}><${Icon} n="chevron-left" /></a>
      <div class="grow"><h2 class="clip">${name}</h2><div class="small muted row gap1 clip"><${Icon} n=${channelIcon(channel)} /><span class="clip">${[channelName(channel), channel !== "webchat" && address !== name && address].filter(Boolean).join(" · ")}</span>${thread?.window && state !== "closed" && html`<${Chip} k=${open < 3_600_000 ? "warn" : ""} icon=${open > 0 ? "clock" : "template"}><span title=${t("window.why")}>${open > 0 ? t("window.left", { span: span(open) }) : t("window.shut")}</span><//>`}</div></div>
      ${conversation?.test && html`<span title=${t("conversation.test_why")}><${Chip} icon="flag">${t("conversation.test")}<//></span>`}
      ${data.some((one) => one.deliveries.some((told) => !told.channel_id)) && html`<span class="wide"><${Btn} kind="bare icon" icon="truck-delivery" label=${t("do.attempts")} aria-pressed=${String(all)} onClick=${() => showAll(!all)} /></span>`}
      ${mine && html`<span class="wide row gap1"><${Btn} kind="bare" icon=${state === "held" ? "player-play" : "player-pause"} label=${t(state === "held" ? "do.resume" : "do.hold")} onClick=${hold} />
        <${Btn} kind="bare" icon="clock-pause" label=${t("do.snooze")} onClick=${() => ask("snooze")} /><${Btn} kind="bare" icon="arrows-transfer-down" label=${t("do.transfer")} onClick=${() => ask("transfer")} /></span>
        <${Btn} icon="circle-check" onClick=${() => ask("close")}>${t("do.close")}<//>
        <${Btn} kind="bare icon only-phone" icon="dots" label=${t("do.more")} onClick=${() => ask("more")} />`}
      ${show && html`<${Btn} kind="bare icon only-narrow" icon="user" label=${t("person.about")} onClick=${() => show(!side)} />`}</header>
    <${Owns} of=${owners(conversations, data)} row=${row} conversation=${conversation} me=${me} now=${now} mine=${mine} back=${() => leave(deeds.toBot(id))} />
    ${row?.snoozed_until && ms(row.snoozed_until) > now && html`<div class="pad0"><${Note} icon="clock-pause">${t("snooze.until", { at: when(row.snoozed_until) })} ${mine && html`<${Btn} kind="sm" onClick=${() => deeds.snooze(id, null)}>${t("snooze.wake")}<//>`}<//></div>`}
    ${timeline.loading ? html`<div class="stream"><${Loading} rows=${5} /></div>` : html`<${Stream} data=${data} channel=${channel} me=${me} more=${timeline.cursor} older=${deeds.trying(timeline.older)} all=${all} pending=${tried} conversations=${conversations} />`}
    <div aria-live="polite">${visitor === id && state !== "closed" && html`<div class="presence"><${Face} name=${name} k="sm" /><span>${parts("presence.writes", { name: html`<b class="strong">${name}</b>` })}</span></div>`}${others.length > 0 && html`<div class="presence"><${Face} name=${others[0].agent.name} k="sm" here=${true} /><span>${parts(others[0].typing ? "presence.writes" : "presence.looks", { name: html`<b class="strong">${others.map((one) => one.agent.name).join(", ")}</b>` })}</span></div>`}</div>
    ${timeline.error && data.length > 0 && html`<div class="pad0"><${Trouble} error=${timeline.error} again=${timeline.again} /></div>`}
    ${conversation && html`<${Composer} key=${id} id=${id} row=${row} channel=${channel} channelId=${thread.channel_id} shut=${open <= 0} takes=${thread.takes} contact=${contact} name=${name} me=${me} writable=${mine} notes=${here} left=${left} send=${send} focus=${focus} crossed=${crossed}
      claim=${here && !agent?.id ? () => deeds.claim(id) : null} take=${here && agent?.id && !mine ? () => deeds.assign(id) : null} holder=${agent} />`}
    ${asking === "close" && html`<${Asked} what="Close" desk=${setup.get().byId.get(isDesk)} close=${() => ask("")} done=${(outcome) => { ask(""); leave(deeds.end(id, outcome)); }} />`}
    ${asking === "snooze" && html`<${Asked} what="Snooze" close=${() => ask("")} done=${(until) => { ask(""); leave(deeds.snooze(id, until)); }} />`}
    ${asking === "transfer" && html`<${Asked} what="Transfer" desk=${isDesk} me=${me} close=${() => ask("")} toDesk=${(desk) => { ask(""); leave(deeds.transfer(id, desk, nameOf(desk))); }} toPerson=${(person) => { ask(""); leave(deeds.assign(id, person)); }} />`}
    ${asking === "more" && html`<${More} close=${() => ask("")} deeds=${[["player-pause", state === "held" ? "do.resume" : "do.hold", hold], ["clock-pause", "do.snooze", () => ask("snooze")], ["arrows-transfer-down", "do.transfer", () => ask("transfer")]]} />`}
  </section>${show && html`<${Person} contact=${contact} name=${name} channel=${channel} up=${side} close=${() => show(false)} />`}`;
}

// What is asked before a deed.
const Asked = (rest) => html`<${Later} load=${() => import("./dialogs.js")} ...${rest} />`;

const More = ({ close, deeds: list }) => html`<${Dialog} title=${t("do.more")} close=${close}><div class="col">${list.map(([icon, word, deed]) => html`<${Btn} icon=${icon} onClick=${() => { close(); deed(); }}>${t(word)}<//>`)}</div><//>`;

// Whose it is, since when and why: above every conversation.
function Owns({ of, row, conversation, me, now, mine, back }) {
  const last = of.at(-1);
  if (!conversation) return html`<div class="owner"><div class="skel"></div></div>`;
  const at = last ? new Date(last.from).toISOString() : conversation.opened_at;
  const desk = nameOf(row?.desk_id ?? conversation.desk_id) || t("author.desk");
  const reason = why(row?.reason ?? conversation.reason);
  const agent = row ? holder(row) : conversation.agent;
  const closed = (row?.state ?? conversation.state) === "closed";
  const whose = closed ? t("owner.closed") : agent?.id === me.id ? t("owner.you") : agent?.name ? t("owner.agent", { name: agent.name }) : last?.owner === "desk" ? t("owner.desk") : last?.owner === "nobody" ? t("owner.waits") : t("owner.bot");
  const chip = last?.owner === "bot" ? html`<${Owner} o="bot">${last.name || t("author.bot")}<//>` : conversation.kind === "desk" ? html`<${Owner} o=${last?.owner === "nobody" ? "nobody" : "desk"}>${desk}<//>` : html`<${Status} s=${conversation.state} />`;
  return html`<div class="owner"><div class="who">${chip}<b class="strong mid">${whose}</b>
    <span class="mid muted why1">${closed ? outcomeWord(conversation.outcome) : reason ? t("owner.since_why", { at: when(at), why: reason }) : t("owner.since", { at: when(at) })}</span>
    ${mine && conversation.thread.bot_conversation_id && html`<${Btn} kind="sm" icon="arrow-back-up" onClick=${back}>${t("do.return")}<//>`}</div>
    ${of.length > 0 && html`<${Ribbon} of=${of} now=${now} />`}</div>`;
}

