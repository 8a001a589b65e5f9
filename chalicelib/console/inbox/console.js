// The console: conversations, failures, bots and desks of one service, read from the API with the key of this tab.
// What customers and webhooks wrote only becomes text. The address's fragment is #service/view/conversation.

const API = new URL("../", import.meta.url);
const EVERY_MS = 5000;
const VIEWS = { conversations: "Conversations", failures: "Failures", parties: "Bots & desks" };
const BADGES = { active: "good", delivered: "good", read: "good", failed: "bad", inactive: "bad", expired: "bad", poison: "bad" };
const $ = (id) => document.getElementById(id);
const drawn = new WeakMap(); // part of the page -> what it shows, so that unchanged parts keep focus and scroll
const pages = new Map(); // list -> how many pages of it are wanted
let names = new Map(); // id -> bot, desk, channel, trigger or source of the service
let round = 0; // raised by every reading: an answer to an older one is void
let timer = 0;
let draft = {}; // the reply that is under way: its text, to which conversation, its id
let asked = { service: "", at: 0 }; // when `names` was read, of which service
const wrong = { reading: "", doing: "" };

// ---- the API ----

const refused = (status, detail) => Object.assign(new Error(detail), { status });

async function ask(method, path, body) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem("key")}`, Accept: "application/json" };
  if (body !== undefined) Object.assign(headers, { "Content-Type": "application/json", "Idempotency-Key": body.id ?? unique() });
  const sent = { method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await fetch(new URL(path, API), sent).catch(() => { throw refused(0, "The API cannot be reached."); });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const wrong = (told.errors ?? []).map((one) => `${one.path} ${one.message}`).join("; ");
  throw refused(answer.status, `${answer.status}: ${told.detail ?? told.message ?? answer.statusText}${wrong ? ` (${wrong})` : ""}`);
}

async function list(path, limit = 50, most = pages.get(path) ?? 1) {
  const found = { path, data: [], more: false };
  let cursor = "";
  for (let page = 0; page < most; page += 1) {
    const next = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const answer = await ask("GET", `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${next}`);
    found.data.push(...answer.data);
    cursor = answer.next_cursor;
    found.more = Boolean(cursor);
    if (!cursor) break;
  }
  return found;
}

const whole = async (path) => (await list(path, 100, 20)).data;
const unique = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// ---- drawing ----

function el(tag, facts = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat().filter((one) => one !== null && one !== undefined && one !== "" && one !== false));
  return made;
}

// Draw a part anew if what it shows has changed; focus and opened details stay where they were.
function draw(part, shows, make) {
  const told = JSON.stringify(shows);
  if (drawn.get(part) === told) return;
  drawn.set(part, told);
  const focus = part.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set(Array.from(part.querySelectorAll("details[open]"), (one) => one.dataset.key));
  part.replaceChildren(...[make()].flat().filter(Boolean));
  for (const one of part.querySelectorAll("[data-key]")) {
    if (open.has(one.dataset.key)) one.open = true;
    if (focus && one.dataset.key === focus) one.focus();
  }
}

const time = (at) => (at ? el("time", { datetime: at, title: at, class: "faint" }, new Date(at).toLocaleString()) : "");
const named = (id) => names.get(id)?.name || id || "";
const badge = (status) => el("span", { class: BADGES[status] ?? "" }, status);

function more(found, label) {
  if (!found.more) return null;
  const onclick = () => { pages.set(found.path, (pages.get(found.path) ?? 1) + 1); refresh(); };
  return el("button", { onclick, "data-key": `more ${found.path}` }, label);
}

// A button that does something over the API and says how it went.
const doing = (label, key, what, done) =>
  el("button", { "data-key": key, onclick: (event) => act(event.currentTarget, what, done) }, label);

async function act(button, what, done) {
  if (button.ariaDisabled === "true") return false;
  button.ariaDisabled = "true"; // not `disabled`, which would take the focus away
  try {
    await what();
    trouble("doing", "");
    $("said").textContent = done;
    return true;
  } catch (error) {
    return failed("doing", error);
  } finally {
    button.ariaDisabled = null;
    refresh();
  }
}

// What went wrong in reading goes away by itself; what was done in vain stays until the next deed.
function trouble(where, text) {
  wrong[where] = text;
  const shown = Object.values(wrong).filter(Boolean).join(" ");
  if ($("trouble").textContent !== shown) $("trouble").textContent = shown;
  $("trouble").hidden = !shown;
}

function failed(where, error) {
  if (error.status === 401) signOut();
  trouble(where, "status" in error ? error.message : `This page failed: ${error.message}`);
  return false;
}

// ---- conversations ----

async function conversations(place, current) {
  const found = await list(`v1/conversations?service_id=${place.service}`);
  if (!current()) return;
  drawList(found, place);
  await one(place, current);
}

function drawList(found, place) {
  const who = (one) => one.contact.name || one.address || one.contact_id || "Unknown";
  const party = (one) => named(one.bot_id ?? one.desk_id ?? one.source_id);
  const shown = found.data.map((one) => [one, who(one), party(one), named(one.channel_id)]);
  draw($("list"), [shown, place.conversation, found.more], () => [
    el("ul", {}, shown.map(([one, person, party, channel]) => el("li", {}, el("button", {
      "data-key": one.id, "aria-current": one.id === place.conversation && "true", onclick: () => go({ ...place, conversation: one.id }) },
      el("span", { class: "row" }, el("strong", {}, person), badge(one.state)),
      el("span", { class: "row faint" }, `${one.kind} · ${party} · ${channel || one.source}`, time(one.opened_at)))))),
    found.data.length ? more(found, "Older conversations") : el("p", { class: "faint" }, "No conversations yet."),
  ]);
}

async function one(place, current) {
  const id = place.conversation;
  if (!id) return blank("Choose a conversation.");
  const about = encodeURIComponent(id);
  const [found, messages, deliveries] = await Promise.all([
    ask("GET", `v1/conversations/${about}`), list(`v1/messages?conversation_id=${about}`), list(`v1/deliveries?conversation_id=${about}`),
  ]);
  if (!current()) return;
  const party = found.bot_id ?? found.desk_id ?? found.source_id;
  draw($("head"), [found, named(party)], () => [
    el("h2", {}, found.thread.contact.name || found.thread.address),
    el("p", { class: "faint" }, `${found.kind} ${named(party)} · `, badge(found.state), ` · ${found.thread.channel_kind} ${found.thread.address} · opened `,
      time(found.opened_at), found.closed_at && " · closed ", time(found.closed_at), found.agent?.name && ` · agent ${found.agent.name}`,
      found.reason && ` · reason ${found.reason}`, found.outcome && ` · outcome ${found.outcome}`, el("br"), el("code", {}, id)),
  ]);
  draw($("timeline"), [messages.data, messages.more], () => [
    more(messages, "Earlier messages"), el("ol", {}, messages.data.toReversed().map(bubble)),
    messages.data.length ? null : el("p", { class: "faint" }, "No messages."),
  ]);
  $("reply").hidden = !(found.kind === "desk" && found.state !== "closed" && names.get(found.desk_id)?.kind === "console");
  draw($("deliveries"), [deliveries.data, deliveries.more, [...names]], () => [
    el("h3", {}, "Deliveries"), el("ul", {}, deliveries.data.map(delivery)),
    deliveries.data.length ? more(deliveries, "Earlier deliveries") : el("p", { class: "faint" }, "None yet."),
  ]);
}

function blank(text) {
  for (const part of ["timeline", "deliveries"]) draw($(part), "", () => []);
  draw($("head"), text, () => el("p", { class: "faint" }, text));
  $("reply").hidden = true;
}

function bubble(message) {
  const side = message.direction === "out" ? "out" : "in";
  return el("li", { class: `card bubble ${message.author.kind === "system" ? "system" : side}` },
    el("div", { class: "row apart" }, el("strong", {}, message.author.name || named(message.author.id) || message.author.kind),
      el("span", { class: "faint" }, `${message.author.kind} · `, time(message.sent_at))),
    el("p", {}, message.text || `(${message.type})`), message.media.map(attached), el("div", { class: "faint" }, badge(message.state)),
    message.error && el("div", { class: "bad" }, told(message.error)));
}

function attached(item) {
  const label = item.name || item.mime_type || "attachment";
  const web = /^https?:\/\//i.test(item.url ?? "");
  return el("p", {}, web ? el("a", { href: item.url, target: "_blank", rel: "noopener noreferrer" }, label) : label);
}

const told = (error) => (typeof error === "string" ? error
  : [error.code, error.title ?? error.message, error.detail].filter(Boolean).join(": ") || JSON.stringify(error));

function delivery(row) {
  const last = row.attempts.at(-1);
  return el("li", { class: "card" }, el("div", { class: "row apart" },
      el("span", {}, badge(row.status), ` · ${row.kind ?? "delivery"} → ${named(row.destination_id)}`, row.replay_of && " · replay"),
      el("span", { class: "row" }, time(row.created_at), !["pending", "waiting"].includes(row.status) && doing("Replay", `replay ${row.id}`,
        () => ask("POST", `v1/deliveries/${encodeURIComponent(row.id)}/replay`, {}), "Delivery is sent again."))),
    row.next_attempt_at && el("div", {}, "next attempt ", time(row.next_attempt_at)),
    row.attempts.length > 0 && el("details", { "data-key": `attempts ${row.id}` },
      el("summary", { "data-key": `summary ${row.id}` }, `${row.attempts.length} attempt${row.attempts.length > 1 ? "s" : ""}, last: ${last.status_code ?? last.error ?? "no answer"}`),
      el("ol", {}, row.attempts.map((one) => el("li", {}, `${one.n ?? ""} · `, time(one.at), ` · ${one.status_code ?? "no status"}`,
        one.took_ms !== null && ` · ${one.took_ms} ms`, one.error && el("div", { class: "bad" }, told(one.error)),
        one.response_head && el("pre", {}, one.response_head))))));
}

function say(event, button, done) {
  const [to, name] = [encodeURIComponent(here().conversation), sessionStorage.getItem("agent")];
  return act(button, () => ask("POST", `v1/conversations/${to}/events`, name ? { ...event, agent: { name } } : event), done);
}

// ---- failures; bots, desks and subscriptions ----

async function failures(place, current) {
  const found = await list("v1/failures");
  if (!current()) return;
  draw($("failures"), [found.data, found.more], () => [
    el("h2", {}, "Failures"), el("p", { class: "faint" }, "What Parley's own code could not do, in the whole deployment."),
    el("ul", {}, found.data.map((one) => el("li", { class: "card" }, el("div", { class: "row apart" }, el("span", {}, el("strong", {}, one.step), ` · ${one.queue} · `, time(one.at)),
      doing("Replay", `replay ${one.id}`, () => ask("POST", `v1/failures/${encodeURIComponent(one.id)}/replay`, {}), "It is on its queue again.")),
      one.replayed_at && el("div", {}, "replayed ", time(one.replayed_at)), el("code", {}, one.thread_id ?? one.lane ?? one.id)))),
    found.data.length ? more(found, "Older failures") : el("p", { class: "good" }, "None."),
  ]);
}

function parties() {
  const found = [...names.values()].filter((one) => ["bots", "desks", "subscriptions"].includes(one.is));
  draw($("parties"), found, () => [["bots", "Bots"], ["desks", "Desks"], ["subscriptions", "Subscriptions"]].flatMap(([thing, title]) => {
    const rows = found.filter((one) => one.is === thing);
    return [el("h2", {}, title), el("ul", {}, rows.map((one) => party(thing, one))), rows.length ? null : el("p", { class: "faint" }, "None.")];
  }));
}

function party(thing, one) {
  const url = one.webhook_url ?? one.url;
  return el("li", { class: "card" }, el("div", { class: "row apart" }, el("span", {}, el("strong", {}, one.name ?? one.id), ` · ${one.kind ?? "webhook"} · `, badge(one.status)),
    url && doing("Verify", `verify ${one.id}`, () => ask("POST", `v1/${thing}/${one.id}/verify`, {}), `${one.name ?? one.id} is active.`)),
    url && el("code", {}, url), el("div", { class: "faint" }, one.id));
}

// ---- where one is, and reading it every few seconds ----

function here() {
  const [service, view, conversation] = location.hash.slice(1).split("/").map(decodeURIComponent);
  return { service: service || "", view: Object.hasOwn(VIEWS, view) ? view : "conversations", conversation: conversation || "" };
}

function go({ service, view, conversation }) {
  location.hash = [service, view, conversation].map(encodeURIComponent).join("/");
}

// Services and what belongs to them change seldom: they are read once a minute, and at every turn where they are shown.
async function settings(place, current) {
  if (asked.service === place.service && place.view !== "parties" && Date.now() - asked.at < 60_000) return place.service;
  const found = await whole("v1/services");
  if (!found.length) throw refused(0, "There is no service yet; make one with POST /v1/services or POST /v1/apply.");
  const service = found.some((one) => one.id === place.service) ? place.service : found[0].id;
  const things = ["bots", "desks", "channels", "triggers", "sources", "subscriptions"];
  const lists = await Promise.all(things.map((thing) => whole(`v1/${thing}?service_id=${service}`)));
  if (!current()) return service;
  draw($("service"), [found, service], () => found.map((one) => el("option", { value: one.id, selected: one.id === service }, one.name)));
  names = new Map(lists.flatMap((rows, at) => rows.map((row) => [row.id, { ...row, is: things[at] }])));
  asked = { service, at: Date.now() };
  return service;
}

async function refresh() {
  clearTimeout(timer);
  if (!sessionStorage.getItem("key")) return signOut();
  const mine = (round += 1);
  const current = () => mine === round;
  try {
    const place = here();
    const service = await settings(place, current);
    if (!current()) return;
    $("sign-in").hidden = true;
    $("console").hidden = false;
    if (service !== place.service) return go({ ...place, service, conversation: "" });
    draw($("tabs"), place.view, () => Object.entries(VIEWS).map(([view, label]) => el("button", {
      "data-key": view, "aria-current": view === place.view && "page", onclick: () => go({ ...here(), view }) }, label)));
    for (const view of Object.keys(VIEWS)) $(view).hidden = view !== place.view;
    await { conversations, failures, parties }[place.view](place, current);
    if (!current()) return;
    $("fresh").textContent = `as of ${new Date().toLocaleTimeString()}`;
    trouble("reading", "");
  } catch (error) {
    if (current()) failed("reading", error);
  } finally {
    if (current() && document.visibilityState === "visible") timer = setTimeout(refresh, EVERY_MS);
  }
}

function signOut() {
  round += 1;
  clearTimeout(timer);
  sessionStorage.clear();
  names = new Map();
  asked = { service: "", at: 0 };
  for (const part of ["list", "failures", "parties", "service"]) draw($(part), "", () => []);
  blank("");
  $("text").value = "";
  $("console").hidden = true;
  $("sign-in").hidden = false;
  $("key").focus();
}

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", $("key").value.trim());
  sessionStorage.setItem("agent", $("agent").value.trim());
  $("key").value = "";
  trouble("doing", "");
  refresh();
});
$("reply").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  // The same text sent again after a failure is the same event, which is then taken once.
  const to = here().conversation;
  if (draft.text !== text || draft.to !== to) draft = { text, to, id: `console-${unique()}` };
  if (await say({ type: "agent.message", text, id: draft.id }, $("send"), "Reply sent.")) {
    draft = {};
    if (here().conversation === to) $("text").value = "";
  }
});
$("close").addEventListener("click", () => {
  if (confirm("Close this conversation?")) say({ type: "chat.closed" }, $("close"), "Conversation closed.");
});
$("service").addEventListener("change", (event) => go({ ...here(), service: event.target.value, conversation: "" }));
$("sign-out").addEventListener("click", () => { signOut(); trouble("doing", ""); });
addEventListener("hashchange", (event) => {
  if (!event.oldURL.endsWith(`/${here().conversation}`)) $("text").value = ""; // it was meant for somebody else
  trouble("doing", "");
  refresh();
});
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
refresh();
