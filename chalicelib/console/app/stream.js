// What was said and what happened, in one row: messages with their attempts, hand-overs, notes.
import { code, marks, worked } from "./attempts.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { kindIcon, kindOf } from "./kinds.js";
import { Later } from "./later.js";
import { Btn, Icon, Marks, channelIcon, channelName, safe } from "./parts.js";
import { href } from "./place.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { clock, day, sameDay, took, whole } from "./time.js";
import { known, parts, t, withMore } from "./words.js";

const nameOf = (id, fallback = "") => named(id) || fallback || id;

export function Stream({ data, channel, me, more, older, all, pending, conversations }) {
  useStore(setup);
  const at = useRef(), kept = useRef({ bottom: true, height: 0, first: "" });
  // The end stays in sight while one is there; what comes in above moves nothing.
  useLayoutEffect(() => {
    const log = at.current, was = kept.current, first = data[0]?.id ?? "";
    if (was.bottom) log.scrollTop = log.scrollHeight;
    else if (was.first && first !== was.first) log.scrollTop += log.scrollHeight - was.height;
    kept.current = { ...was, height: log.scrollHeight, first };
  }, [data, pending]);
  useEffect(() => {
    const log = at.current, seen = new MutationObserver(() => { if (kept.current.bottom) log.scrollTop = log.scrollHeight; });
    seen.observe(log, { childList: true, subtree: true });
    return () => seen.disconnect();
  }, []);
  const scrolled = (e) => {
    const log = e.currentTarget;
    kept.current.bottom = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    if (log.scrollTop < 200 && more) older();
  };
  const opened = new Map(conversations.map((one) => [one.id, one]));
  return html`<div class="stream scroll" ref=${at} tabindex="0" role="log" aria-label=${t("conversation.messages")} onScroll=${scrolled}>
    ${more && html`<${Btn} kind="sm bare" onClick=${older}>${t("conversation.older")}<//>`}
    ${data.map((message, n) => html`
      ${(n === 0 || !sameDay(data[n - 1].sent_at, message.sent_at)) && html`<span class="day" key=${`day ${message.id}`}>${day(message.sent_at)}</span>`}
      <${Entry} key=${message.id} message=${message} channel=${channel} me=${me} all=${all} opened=${opened} />`)}
    ${pending.map((one) => html`<${Unsent} key=${one.id} one=${one} />`)}
  </div>`;
}

// Done without words: by the customer, or told by a provider that refuses to send.
const CONSENT = ["opted_out", "opted_in"], DONE = [...CONSENT, "started", "referral", "missed_call", "call", "call_permission", "message_deleted"];
export const isDeed = ({ type, author, text, media, content }) => type === "event" && (CONSENT.includes(content.name) || (author.kind === "user" && (DONE.includes(content.name) || (!text && !media.length && content.name !== "reaction"))));
const deed = () => withMore(import("./happened.js"));

function Entry({ message, channel, me, all, opened }) {
  if (isDeed(message)) return html`<${Later} load=${deed} what="Happening" message=${message} who=${message.author.name || t("author.user")} />
    ${(all || message.deliveries.some((one) => bad(one))) && html`<${Told} message=${message} all=${all} />`}`;
  if (message.type === "event" && message.author.kind === "system") return html`<${Fact} message=${message} me=${me} opened=${opened} all=${all} />`;
  if (message.type === "note") return html`<${PrivateNote} message=${message} me=${me} />`;
  const out = message.direction === "out", by = message.author.kind;
  const mine = by === "agent" && message.author.id === me.id;
  const name = mine ? t("you") : message.author.name || nameOf(message.author.id, t(`author.${by}`));
  return html`<div class=${`msg ${out ? "out" : ""}`}><span class="by" title=${whole(message.sent_at)}>${by === "bot" && html`<${Icon} n="robot" />`}${name} · ${clock(message.sent_at)}${
      message.metadata.edited && ` · ${t("message.edited")}`}</span>
    <div class=${`bubble ${out ? (by === "bot" ? "bot" : "desk") : ""}`}><${Body} message=${message} /></div>
    ${message.rule && html`<a class="route" href=${href("rules", message.rule.name ? message.rule.id : "")}><${Icon} n="route" /><span class="clip">${t("message.rule", { name: message.rule.name ?? "–" })}</span></a>`}
    <${Told} message=${message} channel=${channel} all=${all} /></div>`;
}

export function Body({ message }) {
  const { type, text, content, media } = message;
  if (message.metadata.deleted) return html`<i class="muted">${t("message.deleted")}</i>`;
  const choices = content.buttons ?? (content.sections ?? []).flatMap((one) => one.rows ?? []);
  return html`${text && html`<span class="text">${text}</span>`}
    ${media.map((item) => html`<${Attached} item=${item} />`)}
    ${type === "location" && html`<span class="row gap1"><${Icon} n="map-pin" />${[content.name, content.address, `${content.latitude}, ${content.longitude}`].filter(Boolean).join(" · ")}</span>`}
    ${type === "contact" && html`<span class="row gap1"><${Icon} n="user" />${(content.contacts ?? []).map((one) => [one.name, ...(one.phones ?? [])].filter(Boolean).join(" ")).join(", ")}</span>`}
    ${type === "template" && html`<span class="row gap1"><${Icon} n="template" />${content.name}</span>`}
    ${choices.length > 0 && html`<div class="choices">${choices.map((one) => html`<span>${one.title}</span>`)}</div>`}
    ${!text && !media.length && !choices.length && !["location", "contact", "template"].includes(type) && html`<span class="muted">${t("message.other", { type })}</span>`}`;
}

function Attached({ item }) {
  const label = item.name || item.mime_type || t("message.file");
  const icon = item.mime_type?.startsWith("image/") ? "photo" : "paperclip";
  return html`<span class="row gap1 file"><${Icon} n=${icon} />${safe(item.url) ? html`<a href=${item.url} target="_blank" rel="noopener noreferrer">${label}</a>` : label}</span>`;
}

function PrivateNote({ message, me }) {
  const name = message.author.id === me.id ? t("you") : message.author.name || nameOf(message.author.id, t("author.agent"));
  return html`<div class="msg out"><span class="by" title=${whole(message.sent_at)}><${Icon} n="lock" />${t("note.by", { name, at: clock(message.sent_at) })}</span>
    <div class="bubble note"><span class="text">${message.text}</span></div></div>`;
}

// What this page has sent and not seen come back yet.
const Unsent = ({ one }) => html`<div class="msg out unsent"><span class="by">${one.error ? html`<${Icon} n="alert-triangle" c="c-bad" />${one.error}` : t("message.sending")}</span>
  <div class=${`bubble ${one.note ? "note" : "desk"}`}><${Body} message=${{ type: "text", metadata: {}, media: [], content: one.buttons ? { buttons: one.buttons } : {}, ...one }} /></div>
  ${one.error && html`<span class="row gap1"><${Btn} kind="sm" icon="refresh" onClick=${one.again}>${t("error.again")}<//><${Btn} kind="sm bare" onClick=${one.drop}>${t("message.drop")}<//></span>`}</div>`;

const ICONS = { handover: "headset", transferred: "headset", handover_accepted: "headset", handover_ended: "circle-check", handover_failed: "alert-triangle", offer_expired: "hourglass", hold: "player-pause", resumed: "player-play", snoozed: "clock-pause", woken: "clock", assigned: "user", conversation_closed: "circle-check" };

function Fact({ message, me, opened, all }) {
  const { name, to, reason, agent, outcome, desk } = message.content;
  const strong = (text) => html`<b class="strong">${text}</b>`;
  const of = opened.get(message.conversation_id);
  const values = {
    to: strong(nameOf(to ?? of?.desk_id, t("author.desk"))), desk: strong(nameOf(desk, t("author.desk"))), outcome: outcomeWord(outcome), at: clock(message.sent_at),
    agent: strong(agent?.id && agent.id === me.id ? t("you") : agent?.name || agent?.id || t("author.agent")),
    reason: why(reason), name: name ?? "",
  };
  const key = `fact.${name}${name === "handover_ended" && !outcome ? "_plain" : name === "handover" && reason ? "_why" : ""}`;
  return html`<div class="fact"><span class="in"><${Icon} n=${ICONS[name] ?? "info-circle"} c=${name === "handover_failed" ? "c-warn" : name?.startsWith("handover") ? "c-desk" : ""} />
    <span title=${whole(message.sent_at)}>${parts(known(key) ? key : "fact.other", values)}</span></span></div>
    ${(all || message.deliveries.some((one) => bad(one))) && html`<${Told} message=${message} all=${all} />`}`;
}

export const outcomeWord = (outcome) => (outcome ? (known(`outcome.${outcome}`) ? t(`outcome.${outcome}`) : outcome) : "");
export const why = (reason) => (reason ? (known(`reason.${reason}`) ? t(`reason.${reason}`) : reason) : "");

// ---- attempts ----

const bad = (one) => one.status !== "delivered" && (one.status !== "pending" || one.attempts.length > 0);
const failedOnce = (one) => one.attempts.some((attempt) => !worked(attempt)) || ["failed", "expired", "poison", "unknown"].includes(one.status);

function whose(one) {
  const kind = kindOf(one.destination_id);
  return [kind, nameOf(one.destination_id, t(`author.${kind}`))];
}

// One line for each who was told: the norm is quiet, failures stand open.
function Told({ message, channel, all }) {
  const lines = message.deliveries.filter((one) => all || one.channel_id || bad(one) || failedOnce(one));
  const fetched = message.direction === "out" && channel && !message.deliveries.some((one) => one.channel_id) && message.author.kind !== "system";
  return html`${fetched && html`<span class=${`route plain ${message.error ? "c-bad" : ""}`}><${Icon} n="arrow-right" /><${Icon} n=${channelIcon(channel)} /><span class="clip">${channelName(channel)}</span><span class="num clip">${stateOf(message)}</span></span>`}
    ${lines.map((one) => html`<${Line} key=${one.id} one=${one} message=${message} channel=${channel} />`)}`;
}

const stateOf = (message) => (message.error?.code === "unknown" ? t("status.unknown") : message.error ? t("state.not_sent", { why: known(`refusal.${message.error.code}`) ? t(`refusal.${message.error.code}`) : message.error.reason ?? message.error.code ?? "" }) : t(`state.${message.state}`));

function Line({ one, message, channel }) {
  const wrong = bad(one) && failedOnce(one);
  const [open, set] = useState(wrong && !one.channel_id);
  const [kind, name] = whose(one);
  const last = one.attempts.at(-1);
  const says = one.status === "waiting" && one.next_attempt_at ? t("tries.next", { code: code(last), at: clock(one.next_attempt_at) })
    : one.status === "waiting" ? t("tries.held") : one.status === "pending" ? t("tries.pending")
    : one.channel_id ? (message.state === "failed" ? stateOf(message) : `${t(`state.${message.state}`)}`) : one.status === "delivered" && last ? took(last.took_ms ?? 0) : t(`status.${one.status}`);
  return html`<button class="route" aria-expanded=${String(open)} onClick=${() => set(!open)}><${Icon} n="arrow-right" /><${Icon} n=${kind === "channel" ? channelIcon(channel) : kindIcon(kind)} />
      <span class="clip">${kind === "channel" ? channelName(channel) || name : name}${one.replay_of && ` · ${t("tries.replay")}`}</span><${Marks} of=${marks(one.attempts, one.status === "waiting" || one.status === "pending")} /><span class="num clip">${says}</span></button>
    ${open && html`<${Later} load=${() => import("./tries.js")} what="Tries" one=${one} name=${name} message=${message} />`}`;
}
