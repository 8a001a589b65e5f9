// The way of one message, hop by hop: received, stored, tried, answered, shown, each with its time since it was received.
import { code, worked } from "./attempts.js";
import { get, query } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { Icon, Note } from "./parts.js";
import { href } from "./place.js";
import { named } from "./setup.js";
import { why } from "./stream.js";
import { clock, ms, took } from "./time.js";
import { t } from "./words.js";

const SOON = 500, LATER = 4000, SOON_FOR = 15_000, FOR = 300_000, NOBODY_AFTER = 4000;
const FAILED = ["failed", "expired", "poison", "unknown"];

// {message, data} of what was said last, read again until nothing more is to come of it.
export function useWay(service, last) {
  const [state, set] = useState(null);
  useEffect(() => {
    set(null);
    if (!last?.id) return undefined;
    const begun = Date.now();
    let timer = 0, ended = false;
    const look = async () => {
      let found = null;
      try {
        found = await read(service, last.id, Date.now() - begun);
        if (!ended && found) set(found);
      } catch {
        // It cannot be read right now: looked for again.
      }
      const age = Date.now() - begun;
      if (!ended && age < FOR && !(found && done(found))) timer = setTimeout(look, age < SOON_FOR ? SOON : LATER);
    };
    timer = setTimeout(look, SOON);
    return () => { ended = true; clearTimeout(timer); };
  }, [last?.id]);
  return state && last && state.message.id === last.id ? state : null;
}

// Where the message stands, with what was said around it; null while it is not stored yet. A thread has no conversation before
// anybody got something of it, and none where no rule matches.
async function read(service, id, age) {
  const thread = id.replace(/^ms_/, "th_").split("_").slice(0, 2).join("_");
  const { data } = await get(query("v1/conversations", { service_id: service, limit: 10 }));
  const conversation = data.find((one) => one.thread_id === thread);
  if (conversation) {
    const told = await get(query(`v1/conversations/${encodeURIComponent(conversation.id)}/timeline`, { limit: 20 }));
    const message = told.data.find((one) => one.id === id);
    return message ? { message, data: told.data } : null;
  }
  if (age < NOBODY_AFTER) return null;
  const message = await get(`v1/messages/${id}`);
  return { message, data: [{ ...message, deliveries: [] }] };
}

// The delivery to who was to answer, and what came of it in the thread.
function found({ message, data }) {
  const own = data.find((one) => one.id === message.id) ?? { ...message, deliveries: [] };
  const delivery = own.deliveries.find((one) => one.bot_id || one.desk_id) ?? null;
  const after = data.filter((one) => one.sequence > own.sequence);
  const handed = after.find((one) => one.type === "event" && ["handover", "handover_failed"].includes(one.content.name));
  return { own, delivery, handed, answer: after.find((one) => one.author.kind === "bot" || one.author.kind === "agent") };
}

function done(state) {
  const { delivery, handed, answer } = found(state);
  if (!state.message.conversation_id || answer || handed) return true;
  return Boolean(delivery && (FAILED.includes(delivery.status) || (delivery.status === "delivered" && delivery.desk_id)));
}

// [{icon, name, says, ms, state}], state being ok, bad or next; and what else there is to say: a note, the inbox.
export function hopsOf(last, way) {
  const hops = [{ icon: "message-circle", name: t("channel.webchat"), says: t("way.received"), ms: last.accepted, state: last.accepted === null ? "next" : "ok" }];
  const next = (icon, name, says) => hops.push({ icon, name, says, ms: null, state: "next" });
  if (!way) return next("database-import", t("way.stored"), t("way.to_come")), { hops };
  const { own, delivery, handed, answer } = found(way), at = (time) => ms(time) - ms(own.sent_at);
  if (!own.conversation_id) {
    hops.push({ icon: "user-question", name: t("value.none"), says: t("way.no_rule"), ms: null, state: "bad" });
    return { hops, nobody: true };
  }
  const attempt = delivery?.attempts[0], bad = delivery?.attempts.findLast((one) => !worked(one));
  const name = delivery ? named(delivery.destination_id) || t(delivery.desk_id ? "author.desk" : "author.bot") : "";
  hops.push(delivery ? { icon: "route", name: t("way.stored"), says: t("way.routed", { name }), ms: at(delivery.created_at), state: "ok" } : { icon: "route", name: t("way.stored"), says: t("way.to_come"), ms: null, state: "next" });
  const more = { conversation: own.conversation_id };
  if (delivery?.desk_id) {
    hops.push({ icon: "headset", name, says: t("way.inbox"), ms: attempt ? at(attempt.at) : null, state: delivery.status === "delivered" ? "ok" : "next" });
    return { hops, ...more, inbox: own.conversation_id };
  }
  if (!attempt) return next("robot", name || t("author.bot"), t("way.to_come")), { hops, ...more };
  const fine = worked(attempt);
  hops.push({ icon: "robot", name, says: fine ? t("way.tried", { took: took(attempt.took_ms ?? 0) }) : t("way.failed", { code: code(attempt) }), ms: at(attempt.at), state: fine ? "ok" : "bad" });
  const warning = delivery.attempts.at(-1)?.warnings?.[0]?.message;
  if (handed?.content.name === "handover") {
    hops.push({ icon: "headset", name: named(handed.content.to) || t("author.desk"), says: t("way.handed"), ms: at(handed.sent_at), state: "ok" });
    return { hops, ...more, inbox: handed.conversation_id };
  }
  if (answer) hops.push({ icon: "robot", name: answer.author.name || name, says: t("way.answered"), ms: at(answer.sent_at), state: "ok" });
  else if (delivery.status === "delivered") hops.push({ icon: "robot", name, says: t("way.silent"), ms: null, state: warning ? "bad" : "next" });
  if (answer) hops.push(last.shown === null ? { icon: "message-circle", name: t("channel.webchat"), says: t("way.to_come"), ms: null, state: "next" } : { icon: "message-circle", name: t("channel.webchat"), says: t("way.shown"), ms: last.shown, state: "ok" });
  return { hops, ...more, warning, bad: answer ? null : bad, delivery, refused: handed?.content.reason };
}

const STATE = { ok: "", bad: "alert-triangle", next: "hourglass" };

export function Way({ last, way, word }) {
  const told = hopsOf(last, way), { hops, bad, delivery, warning, inbox, conversation, nobody, refused } = told;
  return html`<ol class="hops" tabindex="0" aria-label=${t("way.title", { text: last.text })}>${hops.map((hop) => html`<li class=${`hop ${hop.state}`}><span class="ic"><${Icon} n=${STATE[hop.state] || hop.icon} /></span><span class="strong mid">${hop.name}</span><span class="small muted">${hop.says}</span><span class="small num">${hop.ms === null ? "" : took(Math.max(0, Math.round(hop.ms)))}</span></li>`)}</ol>
    <div class="body col gap3" role="status">
      ${bad && html`<${Note} k="bad" icon="alert-triangle">${t(delivery.next_attempt_at ? "way.again" : FAILED.includes(delivery.status) ? "way.given_up" : "way.held", { name: named(delivery.destination_id), code: code(bad), at: delivery.next_attempt_at ? clock(delivery.next_attempt_at) : "" })} <a href=${href("conversations", conversation)}>${t("way.delivery")}</a><//>`}
      ${warning && html`<${Note} k="warn" icon="info-circle">${warning}<//>`}
      ${refused && html`<${Note} k="warn" icon="alert-triangle">${t("fact.handover_failed", { reason: why(refused) })}<//>`}
      ${nobody && html`<${Note} k="warn" icon="user-question">${t("way.nobody")} <a href=${href("rules")}>${t("nav.rules")}</a><//>`}
      ${inbox && html`<${Note} k="ok" icon="headset">${t("way.in_inbox")} <a href=${href("inbox", inbox)}>${t("way.answer_there")}</a><//>`}
      ${!bad && !inbox && !nobody && html`<p class="mid muted">${t("first.then_human", { word })}</p>`}</div>`;
}
