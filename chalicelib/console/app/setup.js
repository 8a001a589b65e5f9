// What owners set up in the service one is in: names for ids, and what desks want of people.
import { get, query, whole } from "./api.js";
import { store } from "./store.js";

export const KINDS = ["bots", "desks", "channels", "rules", "triggers", "sources", "subscriptions", "people", "replies"];
const NAMED = ["bots", "desks", "channels", "people", "replies", "subscriptions", "triggers", "sources"];
const empty = () => Object.fromEntries(KINDS.map((kind) => [kind, []]));
export const setup = store({ service: "", version: 0, byId: new Map(), ...empty() });
let asked = "";

export async function load(service, version = 0) {
  asked = `${service} ${version}`;
  const mine = asked;
  const told = await get(query("v1/setup", { service_id: service, kinds: NAMED }));
  // Of most kinds there are few, and one answer has them all.
  const lists = await Promise.all(NAMED.map(async (kind) => [...told[kind].data, ...(told[kind].next_cursor ? await whole(`v1/${kind}`, { service_id: service }, told[kind].next_cursor) : [])]));
  if (mine !== asked) return;
  const before = setup.get().service === service ? setup.get() : empty();
  const found = { ...empty(), ...Object.fromEntries(KINDS.map((kind) => [kind, before[kind]])), ...Object.fromEntries(NAMED.map((kind, at) => [kind, lists[at]])) };
  const byId = new Map(KINDS.flatMap((kind) => found[kind].map((one) => [one.id, { ...one, is: kind }])));
  setup.set({ service, version: told.version, byId, phones: told.phones_url, ...found });
}

export const named = (id) => setup.get().byId.get(id)?.name ?? "";
export const isConsole = (desk) => setup.get().byId.get(desk)?.kind === "console";
