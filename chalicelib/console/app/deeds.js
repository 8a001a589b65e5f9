// What a person does with a conversation. Everything goes the way a desk's webhook goes; what is refused is said.
import { post, unique } from "./api.js";
import { soon } from "./live.js";
import { apply, rows } from "./rows.js";
import { session } from "./session.js";
import { store } from "./store.js";
import { t } from "./words.js";

export const toast = store(null); // {text, bad, lang}: one polite line
let hiding = 0;
export function say(text, bad = false, lang = undefined) {
  clearTimeout(hiding);
  toast.set({ text, bad, lang });
  hiding = setTimeout(() => toast.set(null), bad ? 12_000 : 4000);
}

// What the API says of it, it says in English.
export const refused = (error) => say(error.message, true, error.problem?.detail && "en");

const path = (conversation, deed) => `v1/conversations/${encodeURIComponent(conversation)}/${deed}`;

// Shown at once; the row that comes back with a higher version says how it is.
function shown(conversation, change) {
  const row = rows.get().byId.get(conversation);
  if (row) apply(row.service_id, [{ ...row, ...change }]);
}

export async function event(conversation, body, { done = "", change = null } = {}) {
  const id = body.id ?? `console-${unique()}`;
  const answer = await post(path(conversation, "events"), { ...body, id }, { key: id });
  if (change) shown(conversation, change);
  if (done) say(done);
  soon();
  return answer;
}

// A deed whose refusal is a line at the foot of the page.
export const trying = (deed) => async (...given) => {
  try {
    return await deed(...given);
  } catch (error) {
    refused(error);
    soon();
    return null;
  }
};

export const claim = trying(async (conversation) => {
  try {
    const row = await post(path(conversation, "claim"));
    apply(row.service_id, [row]);
    soon();
    return row;
  } catch (error) {
    const who = error.problem?.agent?.name;
    if (error.code === "claimed" && who) throw Object.assign(new Error(t("claim.first", { name: who })), { cause: error });
    throw error;
  }
});

// The one that has waited longest, or the next where a colleague was quicker.
async function next(queue) {
  for (const row of queue.slice(0, 5)) {
    const mine = await claim(row.conversation_id);
    if (mine) return mine.conversation_id;
  }
  return null;
}

let claiming = null;
export const claimNext = (queue) => (claiming ??= next(queue).finally(() => { claiming = null; }));

const me = () => ({ id: session.get().me.id, name: session.get().me.name });
export const assign = trying((conversation, agent = me()) => event(conversation, { type: "chat.assigned", agent }, { done: t("done.assigned", { name: agent.name }), change: { agent, state: "accepted" } }));
export const hold = trying((row) => event(row.conversation_id, { type: row.state === "held" ? "chat.resumed" : "chat.hold" }, { change: { state: row.state === "held" ? "accepted" : "held" } }));
export const snooze = trying((conversation, until) => event(conversation, { type: "chat.snoozed", until }, { done: until ? t("done.snoozed") : t("done.woken"), change: { snoozed_until: until } }));
export const transfer = trying((conversation, desk, name) => event(conversation, { type: "chat.transferred", desk_id: desk }, { done: t("done.transferred", { name }), change: { state: "closed" } }));
export const toBot = trying((conversation) => event(conversation, { type: "chat.returned_to_bot" }, { done: t("done.returned"), change: { state: "closed" } }));
export const end = trying((conversation, outcome) => event(conversation, { type: "chat.closed", outcome }, { done: t("done.closed"), change: { state: "closed" } }));
export const seen = trying(async (row, sequence) => {
  await post(path(row.conversation_id, "seen"), { sequence });
  shown(row.conversation_id, { unread: 0 });
  soon();
});
export const looked = (conversation, until) => post(path(conversation, "looked"), { until }).then(soon, () => {});
export const tryNow = trying(async (delivery) => {
  await post(`v1/deliveries/${encodeURIComponent(delivery)}/try`, {}, { key: unique() });
  say(t("done.tried"));
});
export const replay = trying(async (delivery) => {
  await post(`v1/deliveries/${encodeURIComponent(delivery)}/replay`, {}, { key: unique() });
  say(t("done.replayed"));
});
