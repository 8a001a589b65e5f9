// The conversations of the inbox as this page knows them: read as lists, then kept true by what `live` hears.
import { get, query } from "./api.js";
import { session } from "./session.js";
import { store } from "./store.js";
import { ms } from "./time.js";

const nothing = () => ({ service: "", byId: new Map(), more: {}, loaded: {}, error: null });
export const rows = store(nothing());
const LIST = 50, LATE = 10_000;

function merged(byId, found) {
  const next = new Map(byId);
  for (const row of found) {
    const known = next.get(row.conversation_id);
    if (!known || row.version >= known.version) next.set(row.conversation_id, row);
  }
  return next;
}

function gone(byId, before, found) {
  const there = new Set(found.map((row) => row.conversation_id));
  for (const row of before) if (!there.has(row.conversation_id) && byId.get(row.conversation_id) === row && Date.now() - ms(row.changed_at) > LATE) byId.delete(row.conversation_id);
}

export async function load(service, list) {
  if (rows.get().service !== service) rows.set({ ...nothing(), service });
  const before = listed(rows.get(), list);
  try {
    const answer = await get(query("v1/inbox", { service_id: service, list, limit: LIST }));
    const now = rows.get();
    if (now.service !== service) return;
    const byId = merged(now.byId, answer.data);
    // What a whole list holds no more is over, or somebody else's; what has changed meanwhile is known by that.
    if (!answer.next_cursor) gone(byId, before, answer.data);
    rows.set({ ...now, byId, error: null, loaded: { ...now.loaded, [list]: true }, more: { ...now.more, [list]: answer.next_cursor } });
  } catch (error) {
    if (rows.get().service === service) rows.set({ ...rows.get(), error });
    throw error;
  }
}

export async function older(list) {
  const { service, more } = rows.get();
  const answer = await get(query("v1/inbox", { service_id: service, list, limit: LIST, cursor: more[list] }));
  const now = rows.get();
  if (now.service === service) rows.set({ ...now, byId: merged(now.byId, answer.data), more: { ...now.more, [list]: answer.next_cursor } });
}

export const apply = (service, changes) => {
  const now = rows.get();
  if (changes.length && now.service === service) rows.set({ ...now, byId: merged(now.byId, changes) });
};

// Lists are made from the rows alone, so a change moves a conversation from one to another at once.
// Who claims a chat has it for the page, some moments before its thread says so.
export const holder = (row) => row.agent ?? row.claimed_by;
const isMine = (row) => holder(row)?.id === session.get()?.me.id;
const asleep = (row) => row.snoozed_until && ms(row.snoozed_until) > Date.now();
const IS = {
  mine: (row) => isMine(row) && !asleep(row),
  queue: (row) => !holder(row) && !asleep(row),
  all: () => true,
  snoozed: (row) => asleep(row),
  mentions: (row) => row.mentions?.includes(session.get()?.me.id),
};
const waits = (row) => ms(row.waiting_since ?? row.opened_at);
const recent = (row) => ms(row.last?.at ?? row.changed_at);
export function listed({ byId }, list) {
  const found = [...byId.values()].filter((row) => row.state !== "closed" && IS[list](row));
  return found.sort(list === "queue" ? (one, other) => waits(one) - waits(other) : (one, other) => recent(other) - recent(one));
}
