// The panel and what the visitor does with it.
const MOST_TEXT = 16 * 1024;
const SPEECH = "M12 3c5 0 9 3.6 9 8s-4 8-9 8c-1 0-2-.1-2.9-.4L4 21l1.3-4A7.6 7.6 0 0 1 3 11c0-4.4 4-8 9-8z";
const DOWN = "M12 16.5 4.5 9l1.4-1.4 6.1 6.1 6.1-6.1L19.5 9z";
const CROSS = "M18.3 7.1 16.9 5.7 12 10.6 7.1 5.7 5.7 7.1l4.9 4.9-4.9 4.9 1.4 1.4 4.9-4.9 4.9 4.9 1.4-1.4-4.9-4.9z";
const PLANE = "M3 20.5v-6.8L12.5 12 3 10.3V3.5L22 12z";
const BELL = "M12 22a2 2 0 0 0 2-2h-4a2 2 0 0 0 2 2zm6-6v-5c0-3.1-1.6-5.6-4.5-6.3V4a1.5 1.5 0 0 0-3 0v.7C7.6 5.4 6 7.9 6 11v5l-2 2v1h16v-1z";
const MUTE = "M12 22a2 2 0 0 0 2-2h-4a2 2 0 0 0 2 2zM6 11v5l-2 2v1h13.2L6.7 8.5C6.2 9.3 6 10.1 6 11zm12 3.3V11c0-3.1-1.6-5.6-4.5-6.3V4a1.5 1.5 0 0 0-3 0v.7c-.6.1-1.1.4-1.6.7zM3.3 4.7 2 6l16 16 1.3-1.3z";

const host = make("div", { "data-parley": options.channel, lang: language, dir: rightToLeft ? "rtl" : "ltr" });
const shadow = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(options.css);
shadow.adoptedStyleSheets = [sheet];

const dots = make("div", { class: "dots", role: "img", "aria-label": words.typing }, make("i"), make("i"), make("i"));
dots.hidden = true;
const log = make("div", {
  class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-busy": "true", "aria-label": words.log, tabindex: "0",
}, dots);
const pill = make("button", { class: "pill", type: "button", hidden: "" }, words.new_messages, icon(DOWN));
const bar = make("p", { class: "notice", role: "status", hidden: "" });
const input = make("textarea", {
  id: "input", rows: "1", placeholder: words.placeholder, maxlength: String(MOST_TEXT), enterkeyhint: "send",
});
const form = make("form", { class: "write" }, picker, clip, make("label", { class: "unseen", for: "input" }, words.message), input,
  make("button", { type: "submit", "aria-label": words.send, title: words.send }, icon(PLANE)));
const bell = make("button", { class: "bell", type: "button", "aria-label": words.sound });
const shut = make("button", { class: "shut", type: "button", "aria-label": words.close }, icon(CROSS));
const face = make("span", { class: "face", "aria-hidden": "true" });
const present = make("p", { class: "present", dir: "auto" });
const panel = make("section", { class: "panel", id: "panel", role: fullPage ? "region" : "dialog", "aria-label": options.title },
  make("header", { class: "head" }, face, make("div", { class: "titles" }, make("h2", { dir: "auto" }, options.title), present),
    bell, ...(fullPage ? [] : [shut])), bar, make("div", { class: "middle" }, log, pill), letter, form);
const badge = make("span", { class: "badge", hidden: "" });
const launcher = make("button", { class: "launcher", type: "button", "aria-label": words.open, "aria-expanded": "false", "aria-controls": "panel" },
  icon(SPEECH), icon(DOWN), badge);
const frame = make("div", { class: `${fullPage ? "page open" : "float"} ${options.position === "left" ? "left" : ""}` },
  panel, ...(fullPage ? [] : [launcher]));
panel.hidden = !fullPage;
if (options.greeting) log.prepend(make("p", { class: "greeting", dir: "auto" }, options.greeting));
shadow.append(frame);
header();

// ---- Colours: the owner's accent, as far as it can be read on the ground.

const darkness = window.matchMedia("(prefers-color-scheme: dark)");

function readable(colour, ground, ink) { // the colour, as much nearer to the ink as it takes
  for (let share = 0; share < 1; share += 0.1) {
    const parts = [1, 3, 5].map((at) => Math.round([colour, ink].map((one) => parseInt(one.slice(at, at + 2), 16))
      .reduce((from, to) => from + (to - from) * share)).toString(16).padStart(2, "0"));
    if (contrast(`#${parts.join("")}`, ground) >= 4.5) return `#${parts.join("")}`;
  }
  return ink;
}

function dress() {
  const dark = options.theme === "dark" || (options.theme !== "light" && darkness.matches);
  const [ink, ground] = dark ? ["#e8ebf0", "#161a21"] : ["#161a22", "#ffffff"];
  host.dataset.theme = dark ? "dark" : "light";
  if (fullPage) document.documentElement.style.background = dark ? "#0e1116" : "#f4f5f8";
  host.style.setProperty("--accent", options.colour);
  host.style.setProperty("--on-accent", light(options.colour) > 0.179 ? "#000" : "#fff");
  host.style.setProperty("--accent-ink", readable(options.colour, ground, ink));
}

dress();
darkness.addEventListener("change", dress);

// ---- Telling the visitor

const isOpen = () => !panel.hidden;
let unread = [];
let missed = 0; // while the visitor looks at another page
let stuck = true; // the visitor reads the end, and stays there
let sounds = (read("sound") || (options.sound ? "on" : "off")) === "on";
let player = null;

function notice(text) {
  if (bar.textContent !== text) bar.textContent = text;
  bar.hidden = !text;
}

function trouble(there) {
  if (there || navigator.onLine === false) notice(words.offline);
  else if (bar.textContent === words.offline) notice("");
}

function header() {
  face.textContent = initials(person || options.title) || "•";
  present.textContent = person === "" ? words.coming : person || "";
  present.hidden = person === null;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
  stuck = true;
  pill.hidden = true;
}

const stay = () => { if (stuck) toEnd(); };

function follow(row) {
  if (stuck || row.side === "me") return toEnd();
  if (row.side === "them") pill.hidden = false;
}

function countUnread() {
  badge.textContent = unread.length > 99 ? "99+" : String(unread.length);
  badge.hidden = !unread.length || isOpen();
  launcher.setAttribute("aria-label", unread.length && !isOpen() ? `${words.open}, ${unread.length} ${words.unread}` : words.open);
}

function arrivedNew(id) {
  if (unread.includes(id)) return;
  unread.push(id);
  countUnread();
  readVisible();
  const away = document.hidden || !document.hasFocus();
  if (history || (!away && isOpen())) return;
  if (sounds) beep();
  if (away) entitle(missed + 1);
}

function entitle(count) { // "(2) Shop" while the visitor is elsewhere
  const plain = missed ? document.title.replace(`(${missed}) `, "") : document.title;
  missed = count;
  const wanted = missed ? `(${missed}) ${plain}` : plain;
  if (document.title !== wanted) document.title = wanted;
}

function beep() {
  try {
    player = player || new AudioContext();
    const [tone, volume, now] = [player.createOscillator(), player.createGain(), player.currentTime];
    tone.frequency.setValueAtTime(660, now);
    tone.frequency.setValueAtTime(880, now + 0.09);
    volume.gain.setValueAtTime(0.08, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + 0.3);
    tone.connect(volume).connect(player.destination);
    tone.start(now);
    tone.stop(now + 0.3);
  } catch { /* no sound here, or not before the visitor touched the page */ }
}

function ring() {
  bell.replaceChildren(icon(sounds ? BELL : MUTE));
  bell.setAttribute("aria-pressed", String(sounds));
}

async function readVisible() {
  if (!unread.length || !isOpen() || document.hidden || !stuck) return;
  const now = unread.splice(0, 100);
  countUnread();
  const answer = await post({ session, read: now.length === 1 ? now[0] : now });
  if (!answer.status || answer.status >= 500 || answer.status === 429) unread = now.concat(unread); // said again at the next chance
  else if (unread.length) readVisible();
  allRead();
}

function allRead() { // from here on another page of the site counts
  if (!unread.length && read("after") !== after) write("after", after);
}

// ---- What the visitor does

function submit() {
  const text = input.value.trim();
  if (!text) return;
  if (new TextEncoder().encode(text).length > MOST_TEXT) return notice(words.too_long);
  notice("");
  trouble(false);
  input.value = "";
  grow();
  say({ text }, text);
}

function grow() {
  input.dir = input.value ? "auto" : host.dir; // an empty one with `auto` would be left to right
  input.style.height = "auto";
  input.style.height = `${Math.min(140, input.scrollHeight)}px`;
  input.style.overflowY = input.scrollHeight > 140 ? "auto" : "hidden";
}

const small = window.matchMedia("(max-width: 480px)");
const touched = window.matchMedia("(pointer: coarse)");

function open(yes) {
  panel.hidden = !yes;
  frame.classList.toggle("open", yes);
  launcher.setAttribute("aria-expanded", String(yes));
  panel.setAttribute("aria-modal", String(yes && small.matches));
  countUnread();
  if (!yes) return launcher.focus();
  lastHeard = Date.now();
  if (unopened) beginAnew();
  toEnd();
  (touched.matches ? shut : input).focus(); // a keyboard that springs up would hide what was said
  readVisible();
  wakeUp();
}

function keepInside(event) { // where the panel is the whole screen, Tab stays in it
  const stops = [...panel.querySelectorAll("button:not(:disabled), a, textarea, input, audio, video, [tabindex='0']")].filter((one) => one.offsetParent);
  const [first, last] = [stops[0], stops[stops.length - 1]];
  if (shadow.activeElement !== (event.shiftKey ? first : last)) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

function seen() {
  if (document.hidden) return;
  entitle(0);
  catchUp = !history && rows.length > 0 && !told();
  check();
  stay();
  readVisible();
  wakeUp();
  drain(true);
}

form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
input.addEventListener("input", () => { grow(); typed(); });
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
log.addEventListener("scroll", () => {
  stuck = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  if (!stuck) return;
  pill.hidden = true;
  readVisible();
});
pill.addEventListener("click", () => { toEnd(); readVisible(); input.focus(); });
bell.addEventListener("click", () => {
  sounds = !sounds;
  write("sound", sounds ? "on" : "off");
  ring();
  if (sounds) beep();
});
if (!fullPage) {
  launcher.addEventListener("click", () => open(!isOpen()));
  shut.addEventListener("click", () => open(false));
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") open(false);
    if (event.key === "Tab" && small.matches) keepInside(event);
  });
}
document.addEventListener("visibilitychange", seen);
window.addEventListener("focus", () => entitle(0));
window.addEventListener("online", () => { trouble(false); anew(); drain(true); });
window.addEventListener("pagehide", () => leave()); // a page that may come back must not hold one
window.addEventListener("pageshow", (event) => { if (event.persisted) seen(); });
window.addEventListener("offline", () => trouble(true));
new ResizeObserver(stay).observe(log);

function begin() {
  document.body.append(host);
  if (fullPage) {
    const page = new CSSStyleSheet();
    page.replaceSync("body { margin: 0 }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
    input.focus();
  }
  ring();
  grow();
  trouble(false);
  paintItems();
  toEnd();
  poll();
  drain();
}
if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
