// The parts that every page uses. Nothing here fetches.
import { html, useEffect, useRef, useState } from "./html.js";
import { fetched, t } from "./words.js";

const SPRITE = new URL("./icons.svg", import.meta.url).href;
export const Icon = ({ n, c = "" }) => html`<svg class=${`i ${c}`} aria-hidden="true"><use href=${`${SPRITE}#${n}`} /></svg>`;

const CHANNELS = {
  whatsapp: "brand-whatsapp", webchat: "message-circle", sms: "device-mobile", email: "mail", voice: "phone", telegram: "brand-telegram",
  messenger: "brand-messenger", instagram: "brand-instagram",
  source: "database-import", trigger: "bolt", custom: "plug",
};
// Kinds of one family (twilio_sms, whatsapp_gupshup) have its icon, and its name before whose they are.
const family = (kind) => (kind in CHANNELS ? kind : kind?.split("_").find((one) => one in CHANNELS));
export const channelIcon = (kind) => CHANNELS[family(kind)] ?? "plug";
export const channelName = (kind) => {
  const of = family(kind), whose = of && kind.split("_").find((one) => one !== of);
  return kind ? t(`channel.${of ?? "other"}`, { kind }) + (whose ? ` (${whose.length < 4 ? whose.toUpperCase() : whose[0].toUpperCase() + whose.slice(1)})` : "") : "";
};

export const Btn = ({ icon, children, kind = "", label, ...rest }) => html`
  <button type="button" class=${`btn ${kind}`} aria-label=${label} title=${label} ...${rest}>${icon && html`<${Icon} n=${icon} />`}${children}</button>`;

const STATUS = {
  active: ["ok", "circle-check"], delivered: ["ok", "check"], read: ["ok", "check"], sent: ["", "check"], failing: ["warn", "alert-triangle"],
  waiting: ["warn", "clock"], pending: ["", "circle-dashed"], inactive: ["bad", "circle-x"], failed: ["bad", "x"], poison: ["bad", "flag"], unknown: ["bad", "help"],
  expired: ["bad", "hourglass"], unverified: ["warn", "help"], suspended: ["warn", "player-pause"], open: ["accent", "point"], closed: ["", "circle-check"],
  offered: ["warn", "clock"], accepted: ["desk", "headset"], held: ["", "player-pause"],
};
export const Status = ({ s, children }) => html`<span class=${`chip ${(STATUS[s] ?? [""])[0]}`}><${Icon} n=${(STATUS[s] ?? ["", "point"])[1]} />${children ?? t(`status.${s}`)}</span>`;
export const Chip = ({ k = "", icon, children }) => html`<span class=${`chip ${k}`}>${icon && html`<${Icon} n=${icon} />`}${children}</span>`;

const OWNERS = { bot: ["bot", "robot"], desk: ["desk", "headset"], nobody: ["warn", "user-question"] };
export const Owner = ({ o, children }) => html`<${Chip} k=${OWNERS[o][0]} icon=${OWNERS[o][1]}>${children}<//>`;

const initials = (name) => {
  const letters = [...(name ?? "").replace(/[^\p{L}\p{N} ]/gu, "")].join("").trim().split(/\s+/).filter(Boolean);
  const digits = (name ?? "").replace(/\D/g, "");
  return !letters.length ? "?" : /^\d/.test(letters[0]) ? digits.slice(-2) : letters.map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
};
export const Face = ({ name, k = "", here, channel }) => html`
  <span class=${`face ${k}`} aria-hidden="true">${k.includes("bot") ? html`<${Icon} n="robot" />` : initials(name)}${here && html`<span class="dot"></span>`}${
    channel && html`<span class="badge"><${Icon} n=${channelIcon(channel)} /></span>`}</span>`;

// The attempts of a delivery at a glance: shape and colour say the same.
const MARK = { ok: "check", bad: "x", next: "clock" };
export const Marks = ({ of }) => {
  const n = (kind) => of.filter((one) => one === kind).length;
  const said = [n("bad") && t("marks.failed", { n: n("bad") }), n("ok") && t("marks.delivered"), n("next") && t("marks.next")].filter(Boolean).join(", ");
  return html`<span class="marks" role="img" aria-label=${said}>${of.map((one) => html`<span class=${`mark ${one}`}><${Icon} n=${MARK[one]} /></span>`)}</span>`;
};

export const Card = ({ title, aside, children, flush }) => html`
  <section class="card">${title && html`<header><h2>${title}</h2>${aside && html`<div class="row push">${aside}</div>`}</header>`}${
    flush ? children : html`<div class="body">${children}</div>`}</section>`;
export const Note = ({ k = "", icon = "info-circle", children, ...rest }) => html`<div class=${`note ${k}`} ...${rest}><${Icon} n=${icon} /><div class="grow">${children}</div></div>`;
export const Empty = ({ icon, title, children, action }) => html`
  <div class="empty"><span class="disc"><${Icon} n=${icon} /></span><h2>${title}</h2><p>${children}</p>${action && html`<div class="row wrap">${action}</div>`}</div>`;
export const Page = ({ title, crumb, lead, actions, chips, children }) => html`
  <div class="page"><div class="pagehead"><div class="grow">${crumb && html`<nav class="crumb" aria-label=${t("nav.path")}>${crumb}</nav>`}<div class="row wrap"><h1>${title}</h1>${chips}</div>${lead && html`<p class="lead">${lead}</p>`}</div>${
    actions && html`<div class="row wrap">${actions}</div>`}</div>${children}</div>`;
export const Loading = ({ rows = 4 }) => html`
  <div class="waiting" role="status" aria-busy="true"><span class="unseen">${t("list.loading")}</span>${Array.from({ length: rows }, () => html`<div class="skel"></div>`)}</div>`;

export const Seg = ({ of, value, set, label, says = (one) => one }) => html`
  <div class="seg" role="group" aria-label=${label}>${of.map((one) => html`<button type="button" aria-pressed=${String(one === value)} onClick=${() => set(one)}>${says(one)}</button>`)}</div>`;

// Why: what the API says of it, it says in English.
export const Reason = ({ error }) => html`<span lang=${error.problem?.detail && "en"}>${error.message}</span>`;

// What went wrong, when, and what to do; what was there stays.
export const Trouble = ({ error, again }) => html`
  <${Note} k="bad" icon="alert-triangle" role="alert"><b class="strong">${t("error.title")}</b> <${Reason} error=${error} />${
    again && html` <${Btn} kind="sm" icon="refresh" onClick=${again}>${t("error.again")}<//>`}<//>`;

// A native dialog: the focus stays within, Escape closes it, and goes back to where it was. A press beside it closes it too,
// but not one that began within: that is a selection, drawn out too far.
export function Dialog({ title, close, children, kind = "" }) {
  const at = useRef(), pressed = useRef();
  useEffect(() => {
    const box = at.current;
    const before = document.activeElement;
    box.showModal();
    box.querySelector("[data-first]")?.focus();
    return () => {
      box.close();
      before?.focus?.();
    };
  }, []);
  return html`<dialog class=${`sheet ${kind}`} ref=${at} aria-label=${title} onCancel=${(e) => { e.preventDefault(); close(); }}
    onPointerDown=${(e) => { pressed.current = e.target; }} onClick=${(e) => e.target === at.current && pressed.current === at.current && close()}><div class="in"><header><h2 class="grow">${title}</h2><${Btn} kind="bare sm icon" icon="x" label=${t("do.dismiss")} onClick=${close} /></header>${children}</div></dialog>`;
}

// A part that is fetched when it is wanted; where it cannot be had, what asked for it is closed, to be asked again.
export function Late({ load, what, failed, ...rest }) {
  const [found, set] = useState(null);
  useEffect(() => { fetched(load()).then(set, (error) => { failed(error); rest.close?.(); }); }, []);
  return found && html`<${found[what]} ...${rest} />`;
}

// Only addresses that cannot run anything become links.
export const safe = (url) => (/^(https?:|mailto:|tel:)/i.test(url ?? "") ? url : undefined);
