// What is shown: a row for each message and for what happened to the conversation, with days, times and senders.
const TOGETHER_MS = 300000; // messages of one sender within so long stand together
const MOST_TYPING_MS = 12000;
const TYPES_MS = 6000;
const TICK = "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z";
const TICKS = "M18 7l-1.4-1.4-6.4 6.4 1.4 1.4L18 7zm4.2-1.4L11.7 16.2 7.5 12l-1.4 1.4 5.6 5.6L23.7 7zM.4 13.4 6 19l1.4-1.4L1.8 12z";
const WAITS = "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16zm.5-13H11v6l5.2 3.2.8-1.3-4.5-2.7z";
const LEAVES = "M14 3v2h3.6l-9.8 9.8 1.4 1.4L19 6.4V10h2V3zM5 5h5V3H3v18h18v-7h-2v5H5z";

const rows = []; // in the order shown
const shown = new Map(); // message id -> its row
const own = new Map(); // id of the page -> its row
let person = null; // who has the conversation: a name, "" while somebody is awaited or has none, null for the bot
let typing = null;
let answeredAt = 0;

const initials = (name) => name.split(/\s+/).filter(Boolean).map((word) => [...word][0]).filter((one) => /[\p{L}\p{N}]/u.test(one))
  .slice(0, 2).join("").toLocaleUpperCase(locale);

function link(url, text) {
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}

function linked(text) {
  const parts = text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/);
  return make("p", { dir: "auto" }, ...parts.map((part, at) => (at % 2 && safe(part) ? link(safe(part), part) : part)));
}

const line = (text) => make("p", { dir: "auto" }, String(text));

function file(item) {
  const url = safe(item.url, `${root}/`);
  const name = item.name || words.file;
  if (!url) return document.createTextNode(name);
  const kind = (item.mime_type || "").split("/")[0];
  if (kind === "image") {
    const image = make("img", { src: url, alt: item.name || "", loading: "lazy", referrerpolicy: "no-referrer" });
    image.addEventListener("load", stay);
    image.addEventListener("error", () => image.replaceWith(link(url, name))); // also where the host's CSP forbids it
    return image;
  }
  if (kind === "audio" || kind === "video") return make(kind, { src: url, controls: "", preload: "metadata", "aria-label": name });
  return make("p", { dir: "auto" }, link(url, name));
}

function place(content) {
  const at = `${Number(content.latitude)},${Number(content.longitude)}`;
  const url = `https://www.openstreetmap.org/?mlat=${Number(content.latitude)}&mlon=${Number(content.longitude)}`;
  return [content.name, content.address].filter(Boolean).map(line).concat(make("p", {}, link(url, `${words.map} (${at})`)));
}

const card = (contact) => [contact.name, ...(contact.phones || []), ...(contact.emails || [])].filter(Boolean).map(line);

function bubble(message) {
  const content = message.content || {};
  const text = message.text || content.title || (message.type === "postback" && content.payload) || "";
  const parts = text ? [linked(text)] : [];
  parts.push(...(message.media || []).map(file));
  if (message.type === "location") parts.push(...place(content));
  if (message.type === "contact") (content.contacts || []).forEach((one) => parts.push(...card(one)));
  return make("div", { class: "bubble" }, ...(parts.length ? parts : [message.type]));
}

// ---- Buttons and lists: one of them is pressed, once.

function choices(content, row) {
  const group = make("div", { class: content.sections ? "choices list" : "choices", role: "group", "aria-label": words.choices });
  const pressable = (title, payload, description) => {
    const button = make("button", { type: "button", dir: "auto" }, title);
    if (description) button.append(make("small", {}, description));
    button.addEventListener("click", () => { use(row, payload); say({ postback: payload, text: title }, title); });
    row.buttons.push({ button, payload });
    group.append(button);
  };
  for (const { title, payload, url } of content.buttons || []) {
    const target = url && safe(url);
    if (target) {
      const away = link(target, title || target);
      away.append(icon(LEAVES), make("span", { class: "unseen" }, ` (${words.new_window})`));
      away.dir = "auto";
      group.append(away);
    } else if (url) group.append(make("span", { class: "dead", dir: "auto" }, title || ""));
    else pressable(title || payload, payload || title);
  }
  for (const section of content.sections || []) {
    if (section.title) group.append(make("h3", { dir: "auto" }, section.title));
    for (const { id, title, description } of section.rows || []) pressable(title, id || title, description);
  }
  return group.childNodes.length ? [group] : [];
}

function use(row, payload) {
  row.used = true;
  for (const one of row.buttons) {
    one.button.disabled = true;
    if (one.payload !== payload) continue;
    one.button.classList.add("used");
    one.button.setAttribute("aria-pressed", "true");
  }
}

function pressed(payload, before) { // as the thread tells of it, perhaps from another window
  const asked = rows.slice(0, before < 0 ? rows.length : before).reverse()
    .find((row) => !row.used && row.buttons.some((one) => one.payload === payload));
  if (asked) use(asked, payload);
}

// ---- Rows

function rowOf(side, who, name, at, ...inside) {
  const row = { side, who, name, at, buttons: [], used: false, state: "", node: null };
  row.day = make("h3", { class: "day" });
  row.time = make("time", { datetime: new Date(at).toISOString(), title: moment.format(at) }, timeText(at));
  row.meta = make("div", { class: "state" }, row.time);
  row.node = make("div", { class: `row ${side}` }, row.day, ...inside);
  return row;
}

function speech(row, ...parts) {
  const face = make("span", { class: "face", "aria-hidden": "true" }, initials(row.name) || "•");
  row.node.append(make("div", { class: "said" }, ...(row.side === "them" ? [face] : []),
    make("div", { class: "column" }, make("span", { class: row.side === "me" ? "unseen" : "who", dir: "auto" }, row.name), ...parts, row.meta)));
}

const isUnsent = (row) => ["waiting", "sending"].includes(row.state);

// What the server has stands before what waits for a connection; while the history comes, also before what was sent meanwhile.
function add(row) {
  let at = rows.length;
  if (!isUnsent(row)) while (at && (rows[at - 1].state === "waiting" || (history && rows[at - 1].untold))) at -= 1;
  const follows = rows[at];
  rows.splice(at, 0, row);
  log.insertBefore(row.node, follows ? follows.node : dots);
  group(at);
  if (follows) group(at + 1);
  follow(row);
}

function group(at) {
  const [above, row] = [rows[at - 1], rows[at]];
  const sameDay = Boolean(above) && midnight(above.at) === midnight(row.at);
  const joined = sameDay && row.side !== "event" && above.side === row.side && above.who === row.who && row.at - above.at < TOGETHER_MS;
  row.day.textContent = dayText(row.at);
  row.day.hidden = sameDay;
  row.node.classList.toggle("joined", joined);
  if (above) above.node.classList.toggle("goes-on", joined);
}

// What the page itself knows of a message of the visitor: it is waiting, on its way, sent or refused.
function paint(item, state, messageId) {
  if (unopened) return;
  let row = own.get(item.id);
  if (!row) {
    if (state === "sent" && !messageId) return; // another window wrote it; the server will tell
    row = rowOf("me", "me", words.you, item.at);
    row.state = state;
    row.untold = true; // by the server
    speech(row, make("div", { class: "bubble" }, linked(item.text)));
    own.set(item.id, row);
    add(row);
    if (item.body.postback) pressed(item.body.postback, rows.indexOf(row));
  }
  row.item = item;
  if (messageId) shown.set(messageId, row);
  mark(row, state);
}

function mark(row, state) {
  row.state = state;
  row.node.dataset.state = state;
  const label = words[state] || words.sent;
  const looks = { waiting: WAITS, sending: WAITS, delivered: TICKS, read: TICKS };
  const parts = [row.time];
  if (state === "failed") {
    const button = make("button", { type: "button" }, words.retry);
    button.addEventListener("click", () => { again(row.item); input.focus(); });
    parts.splice(0, 1, make("span", {}, words.failed), button);
  } else {
    if (state === "waiting") parts.splice(0, 1, make("span", {}, label));
    parts.push(icon(looks[state] || TICK, label));
  }
  row.meta.replaceChildren(...parts);
}

function show(message) {
  if (!message || !message.id) return;
  const there = shown.get(message.id);
  if (there) {
    there.untold = false; // the page knew it by the answer to its post
    return;
  }
  if (unopened) return message.direction === "out" && message.state !== "read" ? arrivedNew(message.id) : undefined;
  const at = Date.parse(message.sent_at) || Date.now();
  if (message.type === "event") return happened(message, at);
  const known = message.direction === "in" && own.get(message.client_id);
  if (known) return arrivedAlready(message, known);
  const mine = message.direction === "in";
  const author = message.author || {};
  const name = mine ? words.you : author.name || words[author.kind] || options.title;
  const row = rowOf(mine ? "me" : "them", mine ? "me" : `${author.kind}:${author.id || name}`, name, at);
  shown.set(message.id, row);
  if (!mine) answered(author);
  speech(row, bubble(message), ...(mine ? [] : choices(message.content || {}, row)));
  if (mine) {
    if (message.client_id) own.set(message.client_id, row);
    mark(row, message.state === "delivered" || message.state === "read" ? message.state : "sent");
    if (message.type === "postback") pressed((message.content || {}).payload, -1);
  }
  add(row);
  if (!mine && message.state !== "read") arrivedNew(message.id);
}

function arrivedAlready(message, row) {
  shown.set(message.id, row);
  row.untold = false;
  if (row.item) forget(outKey(row.item));
  if (isUnsent(row) || row.state === "failed") mark(row, "sent");
}

// ---- What happens to the conversation: "event" messages of the thread

function happened(message, at) {
  const { name, agent } = message.content || {};
  const who = (agent && agent.name) || "";
  let text = "";
  if (name === "handover") [person, text] = ["", words.coming];
  else if (name === "transferred") [person, text] = ["", words.passed_on];
  else if (name === "handover_accepted") [person, text] = [who || words.agent, filled(words.joined, who || words.agent)];
  else if (name === "handover_ended") [person, text] = [null, who || person ? filled(words.ended, who || person) : ""];
  const row = rowOf("event", "", "", at, make("p", { class: "line", dir: "auto" }, text));
  shown.set(message.id, row);
  header();
  nobodyCame(at);
  quiet();
  if (text) add(row);
}

function answered(author) {
  answeredAt = Date.now();
  quiet();
  if (author.kind !== "agent" || !author.name || author.name === person) return;
  person = author.name;
  header();
  nobodyCame(0);
}

// Three dots between what the visitor wrote and the bot's answer; of people a socket tells that they type.
function expectAnswer(since) {
  if (person !== null || answeredAt > since) return;
  clearTimeout(typing);
  dots.hidden = false;
  stay();
  typing = setTimeout(quiet, MOST_TYPING_MS);
}

function types(name) {
  quiet();
  dots.dataset.who = filled(words.types, name || words.agent);
  dots.setAttribute("aria-label", dots.dataset.who);
  dots.hidden = false;
  stay();
  typing = setTimeout(quiet, TYPES_MS);
}

function quiet() {
  clearTimeout(typing);
  dots.hidden = true;
  delete dots.dataset.who;
  dots.setAttribute("aria-label", words.typing);
}

setInterval(() => {
  if (document.hidden || !isOpen()) return;
  rows.forEach((row, at) => {
    const text = timeText(row.at);
    if (row.time.firstChild.data !== text) row.time.firstChild.data = text;
    if (!row.day.hidden && row.day.textContent !== dayText(row.at)) group(at);
  });
}, 30000);
