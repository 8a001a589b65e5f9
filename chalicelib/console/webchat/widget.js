// Parley web chat. One script tag, whose src is {base}/channels/{id}/widget.js, puts it on a page.
// No dependencies, no eval, no innerHTML; works under `script-src 'self'` (or the host's name) and `connect-src` of it.
// What it does, in order: options and session, talking to the server, what is shown, what the visitor does.
(() => {
  "use strict";
  const options = __PARLEY_OPTIONS__;
  const labels = options.labels;
  const script = document.currentScript || [...document.scripts].find(
    (one) => one.src.includes(`/channels/${options.channel}/widget.js`));
  if (!script || window[`parley:${options.channel}`]) return;
  window[`parley:${options.channel}`] = true;
  const root = script.src.split(/[?#]/)[0].replace(/\/widget\.js$/, "");
  const fullPage = script.dataset.mode === "page";

  const MOST_TEXT = 16 * 1024;
  const SEND_TRIES = 5;
  const MOST_WAIT_S = 3600;
  const LONG_POLL_S = 20;
  const LIVE_MS = 20000; // for so long after the last word an open chat waits at the server for the next one
  const CALM_WAIT_MS = 2500; // then it asks, without waiting there
  const QUIET_MS = 300000; // after so long without a word it asks seldom
  const QUIET_WAIT_MS = 30000;
  const CLOSED_WAIT_MS = 60000; // a closed chat only keeps its badge up to date

  // ---- Session: made here, so that a first message whose answer is lost can be sent again into the same thread.

  const storageKey = `parley:${options.channel}:session`;
  let session = null;
  try { session = localStorage.getItem(storageKey); } catch { /* storage is blocked: the chat lives as long as the page */ }

  function token(bytes) {
    const random = crypto.getRandomValues(new Uint8Array(bytes));
    return btoa(String.fromCharCode(...random)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  function keep(value) {
    session = value;
    try { value ? localStorage.setItem(storageKey, value) : localStorage.removeItem(storageKey); } catch { /* as above */ }
  }

  // ---- Server

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const about = (ms) => ms * (0.8 + Math.random() * 0.4); // so that many windows do not ask at the same moment
  const backoff = (failures) => about(Math.min(30000, 1000 * 2 ** (failures - 1)));

  function retryAfter_ms(answer) { // seconds or a date; never earlier than told
    const given = answer.headers.get("Retry-After");
    if (!given || ![429, 503].includes(answer.status)) return 0;
    const ms = Number(given) >= 0 ? Number(given) * 1000 : Date.parse(given) - Date.now();
    return ms > 0 ? Math.min(ms, MOST_WAIT_S * 1000) * (1 + Math.random() / 10) : 0;
  }

  async function ask(path, init, limit_ms) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), limit_ms);
    try {
      const answer = await fetch(root + path, {
        method: init.method, body: init.body, headers: init.body ? { "Content-Type": "application/json" } : {},
        signal: abort.signal, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
      });
      let body = {};
      try { body = await answer.json(); } catch { /* an error page, or nothing */ }
      return { status: answer.status, body, wait_ms: retryAfter_ms(answer) };
    } finally {
      clearTimeout(timer);
    }
  }

  const post = (body) => ask("/webhook", { method: "POST", body: JSON.stringify(body) }, 15000);

  // Messages go out one after another: their order is the visitor's.
  const outbox = [];
  let sending = false;
  const heldBack = []; // own messages that the server showed us before it told us their ids

  async function drain() {
    if (sending) return;
    sending = true;
    while (outbox.length) {
      const item = outbox.shift();
      await deliver(item);
      wakeUp();
    }
    sending = false;
    heldBack.splice(0).forEach(show);
  }

  async function deliver(item) {
    setState(item, "sending");
    for (let tries = 1; tries <= SEND_TRIES; tries += 1) {
      let answer = null;
      try { answer = await post({ ...item.body, session, id: item.id }); } catch { /* no connection, or no answer in time */ }
      if (answer && answer.status >= 200 && answer.status < 300) {
        if (answer.body.session) keep(answer.body.session);
        if (answer.body.message_id) shown.set(answer.body.message_id, item.node);
        notice("");
        return setState(item, "sent");
      }
      if (answer && answer.status === 429) {
        tries -= 1; // told to wait is no failure: the message is kept until the server takes it
        await sleep(answer.wait_ms || backoff(3));
        continue;
      }
      if (answer && answer.status < 500) break;
      if (tries === SEND_TRIES) break;
      notice(labels.offline);
      await sleep((answer && answer.wait_ms) || backoff(tries));
    }
    setState(item, "failed");
  }

  let after = "";
  let history = true; // until the server has nothing older to show, both sides are asked for
  let failures = 0;
  let lastHeard = Date.now();
  let interrupt = () => {};
  let polling = false;
  let heldUntil = 0; // what Retry-After asked for, which nothing that happens here makes shorter

  function wakeUp() {
    interrupt();
    poll();
  }

  function restOf(took_ms) { // after an answer without messages
    const silent_ms = Date.now() - lastHeard;
    if (!isOpen()) return about(CLOSED_WAIT_MS);
    if (silent_ms > QUIET_MS) return about(QUIET_WAIT_MS);
    if (silent_ms > LIVE_MS) return about(CALM_WAIT_MS);
    return took_ms < 1000 ? 1000 : 0; // the server did not wait, so we do
  }

  async function poll() {
    if (polling) return;
    polling = true;
    while (session && !document.hidden) {
      if (heldUntil > Date.now()) await sleep(heldUntil - Date.now());
      const begun = Date.now();
      const live_s = isOpen() && !history ? Math.ceil((LIVE_MS - (begun - lastHeard)) / 1000) : 0;
      const query = new URLSearchParams({ session, wait_s: Math.max(0, Math.min(LONG_POLL_S, live_s)) });
      if (after) query.set("after", after);
      if (history) query.set("include", "all");
      let answer = null;
      try { answer = await ask(`/messages?${query}`, { method: "GET" }, (LONG_POLL_S + 10) * 1000); } catch { /* no connection */ }
      if (answer && answer.status === 200 && Array.isArray(answer.body.data)) {
        failures = 0;
        notice("");
        answer.body.data.forEach(show);
        after = answer.body.next || after;
        if (answer.body.data.length) lastHeard = Date.now();
        else if (history) history = false;
        else await pause(restOf(Date.now() - begun)); // zero: at once
      } else if (answer && answer.status === 422) {
        keep(null); // the stored session is none of this server's
      } else {
        failures += 1;
        if (failures > 1) notice(labels.offline);
        if (answer && answer.wait_ms) heldUntil = Date.now() + answer.wait_ms;
        else await pause(backoff(failures));
      }
    }
    polling = false;
  }

  function pause(ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      interrupt = () => { clearTimeout(timer); done(); };
    });
  }

  // ---- What is shown

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (value !== null) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function svg(path) {
    const space = "http://www.w3.org/2000/svg";
    const node = document.createElementNS(space, "svg");
    node.setAttribute("viewBox", "0 0 24 24");
    node.setAttribute("aria-hidden", "true");
    node.append(document.createElementNS(space, "path"));
    node.firstChild.setAttribute("d", path);
    return node;
  }

  function inkOn(colour) { // black or white, whichever has the higher contrast (WCAG relative luminance)
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  }

  const host = make("div", { "data-parley": options.channel, lang: options.language });
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(options.css);
  shadow.adoptedStyleSheets = [sheet];
  host.style.setProperty("--accent", options.colour);
  host.style.setProperty("--on-accent", inkOn(options.colour));

  const log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": labels.log, tabindex: "0" });
  const bar = make("p", { class: "notice", role: "status", hidden: "" });
  const input = make("textarea", {
    id: "input", rows: "1", placeholder: labels.placeholder, maxlength: String(MOST_TEXT), enterkeyhint: "send",
  });
  const form = make("form", {},
    make("label", { class: "unseen", for: "input" }, labels.message), input, make("button", { type: "submit" }, labels.send));
  const shut = make("button", { type: "button", "aria-label": labels.close }, "×");
  const panel = make("section", { class: "panel", id: "panel", "aria-label": options.title },
    make("div", { class: "head" }, make("h2", {}, options.title), ...(fullPage ? [] : [shut])), log, bar, form);
  const badge = make("span", { class: "badge", hidden: "" });
  const launcher = make("button", { class: "launcher", type: "button", "aria-label": labels.open, "aria-expanded": "false", "aria-controls": "panel" },
    svg("M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"), badge);
  const frame = make("div", { class: `${fullPage ? "page open" : "float"} ${options.position === "left" ? "left" : ""}` },
    panel, ...(fullPage ? [] : [launcher]));
  panel.hidden = !fullPage;
  if (options.greeting) log.append(make("p", { class: "greeting" }, options.greeting));
  shadow.append(frame);

  const isOpen = () => !panel.hidden;
  const shown = new Map(); // message id -> its node
  let unread = [];

  function notice(text) {
    if (bar.textContent !== text) bar.textContent = text;
    bar.hidden = !text;
  }

  // Only links that lead somewhere on the web: `javascript:` and the like come from nobody who means well.
  function safe(url) {
    try {
      const parsed = new URL(url, root + "/");
      return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
    } catch { return null; }
  }

  function link(url, text) {
    return make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
  }

  function linked(text) {
    const parts = text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/);
    return make("p", {}, ...parts.map((part, at) => (at % 2 && safe(part) ? link(safe(part), part) : part)));
  }

  function file(item) {
    const url = safe(item.url);
    const name = item.name || labels.file;
    if (!url) return document.createTextNode(name);
    const kind = (item.mime_type || "").split("/")[0];
    if (kind === "image") {
      const image = make("img", { src: url, alt: item.name || "", loading: "lazy", referrerpolicy: "no-referrer" });
      image.addEventListener("load", toEnd);
      image.addEventListener("error", () => image.replaceWith(link(url, name))); // also where the host's CSP forbids it
      return image;
    }
    if (kind === "audio" || kind === "video") return make(kind, { src: url, controls: "", preload: "metadata", "aria-label": name });
    return make("p", {}, link(url, name));
  }

  function place(content) {
    const at = `${Number(content.latitude)},${Number(content.longitude)}`;
    const url = `https://www.openstreetmap.org/?mlat=${Number(content.latitude)}&mlon=${Number(content.longitude)}`;
    return [content.name, content.address].filter(Boolean).map((line) => make("p", {}, line))
      .concat(make("p", {}, link(url, `${labels.map} (${at})`)));
  }

  function person(contact) {
    return [contact.name, ...(contact.phones || []), ...(contact.emails || [])].filter(Boolean)
      .map((line) => make("p", {}, String(line)));
  }

  function choiceButton(title, payload, description) {
    const button = make("button", { type: "button" }, title);
    if (description) button.append(make("small", {}, description));
    button.addEventListener("click", () => say({ postback: payload, text: title }, title));
    return button;
  }

  function choices(content) {
    const row = make("div", { class: "choices", role: "group" });
    for (const { title, payload, url } of content.buttons || []) {
      const target = url && safe(url);
      row.append(target ? link(target, title) : choiceButton(title || payload, payload || title));
    }
    for (const section of content.sections || []) {
      if (section.title) row.append(make("h3", {}, section.title));
      for (const { id, title, description } of section.rows || []) row.append(choiceButton(title, id || title, description));
    }
    return row.childNodes.length ? [row] : [];
  }

  function bubble(message) {
    const content = message.content || {};
    const text = message.text || content.title || "";
    const parts = text ? [linked(text)] : [];
    parts.push(...(message.media || []).map(file));
    if (message.type === "location") parts.push(...place(content));
    if (message.type === "contact") (content.contacts || []).forEach((one) => parts.push(...person(one)));
    return make("div", { class: "bubble" }, ...(parts.length ? parts : [message.type]));
  }

  function show(message) {
    if (!message || !message.id || shown.has(message.id)) return;
    const mine = message.direction === "in";
    if (mine && sending) return void heldBack.push(message);
    const author = message.author || {};
    const node = make("div", { class: `said ${mine ? "mine" : ""}` },
      make("span", { class: mine ? "unseen" : "who" }, mine ? labels.you : author.name || labels[author.kind] || options.title),
      bubble(message), ...(mine ? [] : choices(message.content || {})));
    shown.set(message.id, node);
    log.append(node);
    toEnd();
    if (!mine && message.state !== "read") {
      unread.push(message.id);
      countUnread();
      readVisible();
    }
  }

  function toEnd() { log.scrollTop = log.scrollHeight; }

  function countUnread() {
    badge.textContent = unread.length > 99 ? "99+" : String(unread.length);
    badge.hidden = !unread.length || isOpen();
    launcher.setAttribute("aria-label", unread.length && !isOpen() ? `${labels.open}, ${unread.length} ${labels.unread}` : labels.open);
  }

  async function readVisible() {
    if (!unread.length || !isOpen() || document.hidden) return;
    const now = unread.splice(0, 100);
    countUnread();
    let answer = null;
    try { answer = await post({ session, read: now.length === 1 ? now[0] : now }); } catch { /* said again at the next chance */ }
    if (!answer || answer.status >= 500 || answer.status === 429) unread = now.concat(unread);
    else if (unread.length) readVisible();
  }

  function setState(item, state) {
    item.node.classList.toggle("failed", state === "failed");
    item.state.replaceChildren(state === "failed" ? `${labels.failed} ` : labels[state]);
    if (state !== "failed") return;
    const again = make("button", { type: "button" }, labels.retry);
    again.addEventListener("click", () => { outbox.push(item); drain(); input.focus(); });
    item.state.append(again);
  }

  // ---- What the visitor does

  function say(body, text) {
    if (!session) keep(token(32));
    const state = make("div", { class: "state" });
    const node = make("div", { class: "said mine" },
      make("span", { class: "unseen" }, labels.you), make("div", { class: "bubble" }, linked(text)), state);
    log.append(node);
    toEnd();
    lastHeard = Date.now();
    outbox.push({ id: token(16), body, node, state });
    drain();
  }

  function submit() {
    const text = input.value.trim();
    if (!text) return;
    if (new TextEncoder().encode(text).length > MOST_TEXT) return notice(labels.too_long);
    notice("");
    input.value = "";
    grow();
    say({ text }, text);
  }

  function grow() {
    input.style.height = "auto";
    input.style.height = `${Math.min(140, input.scrollHeight + 2)}px`;
  }

  function open(yes) {
    panel.hidden = !yes;
    frame.classList.toggle("open", yes);
    launcher.setAttribute("aria-expanded", String(yes));
    countUnread();
    if (yes) { lastHeard = Date.now(); toEnd(); input.focus(); readVisible(); wakeUp(); } else launcher.focus();
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  if (!fullPage) {
    launcher.addEventListener("click", () => open(!isOpen()));
    shut.addEventListener("click", () => open(false));
    panel.addEventListener("keydown", (event) => { if (event.key === "Escape") open(false); });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { readVisible(); wakeUp(); } });
  window.addEventListener("online", wakeUp);

  function begin() {
    document.body.append(host);
    if (fullPage) {
      const page = new CSSStyleSheet();
      page.replaceSync("body { margin: 0 }");
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
      input.focus();
    }
    poll();
  }
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
