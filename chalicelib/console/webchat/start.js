// Options, storage, the session, words and how times are written.
const options = __PARLEY_OPTIONS__;
const script = document.currentScript || [...document.scripts].find(
  (one) => one.src.includes(`/channels/${options.channel}/widget.js`));
if (!script || window[`parley:${options.channel}`]) return;
window[`parley:${options.channel}`] = true;
const root = script.src.split(/[?#]/)[0].replace(/\/widget\.js$/, "");
const fullPage = script.dataset.mode === "page";

// ---- Storage: where it is blocked or full, the chat lives as long as the page.

const prefix = `parley:${options.channel}:`;
const unkept = new Map();
let box = null;
try { box = window.localStorage; box.getItem(prefix); } catch { box = null; }

function read(key) {
  if (unkept.has(key)) return unkept.get(key);
  return box ? box.getItem(prefix + key) : null;
}

function write(key, value) {
  try { box.setItem(prefix + key, value); } catch { unkept.set(key, value); }
}

function forget(key) {
  unkept.delete(key);
  if (box) box.removeItem(prefix + key);
}

function keysFrom(start) {
  const there = box ? Object.keys(box).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)) : [];
  return [...there, ...unkept.keys()].filter((key) => key.startsWith(start)).sort();
}

// ---- Session: made here, so that a first message whose answer is lost can be sent again into the same thread.

let session = read("session");
let leave = () => {}; // the socket of the session before

function token(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...random)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function keepSession(value) {
  if (value === session) return;
  session = value;
  leave();
  forget("after");
  if (value) write("session", value); else forget("session");
}

// ---- Who the visitor is, as the page's server signs it. For whoever else comes, or has signed out, a chat begins anew.

let identity = script.dataset.identity;
if (identity !== undefined) {
  const who = named(identity);
  if ((read("who") || who) !== who) {
    keepSession(null);
    keysFrom("out:").forEach(forget);
  }
  write("who", who);
}

function named(signed) {
  try {
    const claims = JSON.parse(atob(signed.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return String(claims.external_id || claims.sub || "");
  } catch { return ""; }
}

// ---- Words: the channel's language, else the page's where we speak it, else English.

const primary = (tag) => tag.toLowerCase().split("-")[0];
const pages = document.documentElement.lang;
const language = canonical(options.language) || (options.words[primary(pages)] && canonical(pages)) || "en";
const words = { ...options.words.en, ...options.words[primary(language)], ...options.labels };
const rightToLeft = ["ar", "dv", "fa", "he", "ps", "ur", "yi"].includes(primary(language));
const locale = (navigator.languages || []).find((one) => primary(one) === primary(language)) || language;

function canonical(tag) {
  try { return Intl.getCanonicalLocales(tag)[0] || ""; } catch { return ""; }
}

const filled = (text, name) => text.replace("{name}", () => name);

// ---- Times, as the visitor's locale writes them

const hour = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const date = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const oldDate = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

function timeText(at) {
  const minutes = Math.floor((Date.now() - at) / 60000);
  if (minutes < 1) return words.now;
  return minutes < 60 ? ago.format(-minutes, "minute") : hour.format(at);
}

function dayText(at) {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / 86400000);
  const text = days < 2 ? ago.format(-Math.max(0, days), "day") : (days < 180 ? date : oldDate).format(at);
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

// ---- Small tools

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const about = (ms) => ms * (0.8 + Math.random() * 0.4); // so that many windows do not ask at the same moment
const backoff = (failures, most = 30000) => about(Math.min(most, 1000 * 2 ** (failures - 1)));

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function icon(path, label) {
  const space = "http://www.w3.org/2000/svg";
  const node = document.createElementNS(space, "svg");
  node.setAttribute("viewBox", "0 0 24 24");
  if (label) { node.setAttribute("role", "img"); node.setAttribute("aria-label", label); } else node.setAttribute("aria-hidden", "true");
  node.append(document.createElementNS(space, "path"));
  node.firstChild.setAttribute("d", path);
  return node;
}

// Only links that lead somewhere on the web: `javascript:` and the like come from nobody who means well.
function safe(url, base) {
  try {
    const parsed = new URL(url, base);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
  } catch { return null; }
}

function light(colour) { // WCAG's relative luminance of #rrggbb
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
