// The frame: who is signed in, where one is, navigation, keys, what is done from anywhere.
import { onSignedOut } from "./api.js";
import { say, toast, trying } from "./deeds.js";
import { Fragment, html, render, useEffect, useState } from "./html.js";
import { MAC, meantElsewhere, single, turn, useKeys } from "./keys.js";
import { Later } from "./later.js";
import { live, stale, start } from "./live.js";
import { Dialog, Empty, Face, Icon, Late, Loading, Note, Trouble } from "./parts.js";
import { PAGES, SECTIONS, pagesOf, startOf } from "./pages.js";
import { go, href, instead, place } from "./place.js";
import { listed, rows } from "./rows.js";
import { begin, session, signOut } from "./session.js";
import { load as loadSetup, setup } from "./setup.js";
import { useStore } from "./store.js";
import { span, useNow } from "./time.js";
import { fetched, more, ready, t } from "./words.js";

const FAVICON = new URL("./favicon.svg", import.meta.url).href;
onSignedOut(() => session.set(null));
const signIn = () => Promise.all([import("./signin.js"), more()]).then(([found]) => found);

function App() {
  const who = useStore(session), [error, wrong] = useState(null);
  useEffect(() => { begin().catch(wrong); }, []);
  if (who === null) return html`<${Late} load=${signIn} what="SignIn" failed=${(error) => { session.set(undefined); wrong(error); }} error=${error} />`;
  if (who === undefined) return error && html`<main class="signin"><${Trouble} error=${error} again=${() => location.reload()} /></main>`;
  if (!who.services.length) return html`<main class="signin"><${Empty} icon="inbox" title=${t("service.none")}>${t("service.none_more")}<//></main>`;
  return html`<${Console} who=${who} />`;
}

function Console({ who }) {
  const at = useStore(place);
  const service = who.services.find((one) => one.id === at.service) ?? who.services[0];
  const pages = pagesOf(who);
  const known = service.id === at.service && pages.includes(at.page);
  useEffect(() => { if (!known) instead(service.id, pages.includes(at.page) ? at.page : startOf(who.me.role)); }, [known]);
  useEffect(() => {
    let timer = 0, now = true;
    const read = () => loadSetup(service.id).catch(() => { if (now) timer = setTimeout(read, 5000); });
    read();
    const end = start(service.id, who.me.id);
    return () => {
      now = false;
      clearTimeout(timer);
      end();
    };
  }, [service.id, who.me.id]);
  const [dialog, open] = useState("");
  useGo(pages);
  useKeys({ "?": () => open("keys") });
  useEffect(() => {
    const hear = (e) => (e.metaKey || e.ctrlKey) && e.key.toLowerCase() === "k" && (e.preventDefault(), open("palette"));
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
  if (!known) return null;
  const reading = at.page === "inbox" && at.id;
  return html`<div class=${`shell ${PAGES[at.page].rail ? "rail" : ""} ${reading ? "reading" : ""}`}>
    <${Nav} who=${who} service=${service} page=${at.page} pages=${pages} find=${() => open("palette")} keys=${() => open("keys")} me=${() => open("me")} />
    <main class="ground"><${Stale} /><${Shown} page=${at.page} id=${at.id} filter=${at.filter} service=${service.id} /></main>
    <nav class="tabbar" aria-label=${t("nav.main")}>${pages.filter((name) => PAGES[name].tab).map((name) => html`<a href=${href(name)} aria-current=${name === at.page ? "page" : undefined}><${Icon} n=${PAGES[name].icon} />${t(`nav.${name}`)}<${Count} page=${name} /></a>`)}<button aria-haspopup="dialog" onClick=${() => open("more")}><${Icon} n="menu-2" />${t("nav.more")}</button></nav>
    ${dialog === "me" && html`<${Dialog} title=${who.me.name} close=${() => open("")}><div class="col"><p class="muted">${[t(`role.${who.me.role}`), who.me.email].filter(Boolean).join(" · ")}</p><${Out} /></div><//>`}
    ${dialog === "more" && html`<${More} pages=${pages} who=${who} find=${() => open("palette")} close=${() => open("")} />`}
    ${dialog === "palette" && html`<${Later} load=${() => import("./palette.js")} what="Palette" pages=${pages} who=${who} close=${() => open("")} />`}
    ${dialog === "keys" && html`<${Keys} close=${() => open("")} />`}
    <${Toast} /></div>`;
}

function Shown({ page, id, filter, service }) {
  const [loaded, set] = useState({ page: "", Body: null, error: null });
  useEffect(() => {
    let now = true;
    fetched(PAGES[page].load()).then(
      (found) => { if (now) { set({ page, Body: found.default, error: null }); document.title = `${found.title(page)} · Parley`; } },
      (error) => now && set({ page, Body: null, error }),
    );
    return () => { now = false; };
  }, [page]);
  if (loaded.page !== page) return html`<div class="page"><${Loading} /></div>`;
  if (loaded.error) return html`<div class="page"><${Trouble} error=${loaded.error} again=${() => location.reload()} /></div>`;
  return html`<${loaded.Body} key=${`${service} ${page}`} page=${page} id=${id} filter=${filter} service=${service} />`;
}

function Nav({ who, service, page, pages, find, keys, me }) {
  const several = who.services.length > 1;
  return html`<nav class="nav" aria-label=${t("nav.main")}>
    <button class="brand" title=${t(several ? "service.change" : "nav.find")} onClick=${find}><img src=${FAVICON} alt="" /><span class="txt grow"><span class="name clip">${service.name}</span><br /><span class="small muted">Parley${several ? ` · ${t("service.count", { n: who.services.length })}` : ""}</span></span><span class="txt muted"><${Icon} n="chevron-down" /></span></button>
    <div class="navscroll scroll">${SECTIONS.map(([head, names]) => {
      const mine = names.filter((name) => pages.includes(name));
      return mine.length > 0 && html`<${Fragment}>${head && html`<div class="navsep"></div><h3>${t(head)}</h3>`}${mine.map((name) => html`<a href=${href(name)} aria-current=${name === page ? "page" : undefined} title=${t(`nav.${name}`)}><${Icon} n=${PAGES[name].icon} /><span class="t">${t(`nav.${name}`)}</span><${Count} page=${name} /></a>`)}<//>`;
    })}</div>
    <div class="foot"><a href="#" onClick=${(e) => { e.preventDefault(); keys(); }} title=${t("nav.keyboard")}><${Icon} n="keyboard" /><span class="t">${t("nav.keyboard")}</span></a>
      <button class="me" aria-haspopup="dialog" title=${who.me.name} onClick=${me}><${Face} name=${who.me.name} k="desk" /><span class="txt grow"><span class="mid strong clip">${who.me.name}</span><span class="small muted">${t(`role.${who.me.role}`)}</span></span></button></div></nav>`;
}

// On a phone: every page that is no tab, other services, and the way out.
const More = ({ pages, who, find, close }) => html`<${Dialog} title=${t("nav.more")} close=${close}><div class="col">
  ${pages.filter((name) => !PAGES[name].tab).map((name) => html`<a class="btn" href=${href(name)} onClick=${close}><${Icon} n=${PAGES[name].icon} />${t(`nav.${name}`)}</a>`)}
  ${who.services.length > 1 && html`<button type="button" class="btn" onClick=${find}><${Icon} n="arrows-shuffle" />${t("service.change")}</button>`}
  <${Out} who=${who} /></div><//>`;

const Out = ({ who }) => html`<button type="button" class="btn" data-first=${who ? undefined : ""} onClick=${trying(signOut)}><${Icon} n="arrow-back-up" />${t("signout")}${who && ` · ${who.me.name}`}</button>`;

function Count({ page }) {
  const state = useStore(rows), { byId } = useStore(setup);
  if (page === "inbox") {
    const n = listed(state, "queue").length + listed(state, "mine").filter((row) => row.unread).length + listed(state, "mentions").length;
    return n > 0 && html`<span class="count hot" aria-label=${t("nav.waiting", { n })}>${n > 99 ? "99+" : n}</span>`;
  }
  if (page === "bots") return [...byId.values()].some((one) => one.is === "bots" && one.status === "inactive") && html`<span class="count bad" aria-label=${t("nav.bot_off")}>!</span>`;
  return null;
}

function Stale() {
  const now = useNow(2000), { at } = useStore(live);
  return stale(now) && html`<div class="pad0 top"><${Note} k="warn" icon="alert-triangle" role="status">${t("live.stale", { span: span(now - at) })}<//></div>`;
}

function Toast() {
  const said = useStore(toast);
  return html`<div class="toast" role="status" aria-live="polite">${said && html`<div class=${`note ${said.bad ? "bad" : "ok"}`}><${Icon} n=${said.bad ? "alert-triangle" : "check"} /><span lang=${said.lang}>${said.text}</span></div>`}</div>`;
}

// G and then a letter goes to a page.
function useGo(pages) {
  useEffect(() => {
    let timer = 0;
    const end = () => { clearTimeout(timer); delete document.body.dataset.going; };
    const hear = (e) => {
      if (meantElsewhere(e)) return;
      if (document.body.dataset.going) {
        const page = pages.find((name) => PAGES[name].key === e.key.toLowerCase());
        setTimeout(end);
        if (page) { e.preventDefault(); go(page); }
      } else if (e.key === "g") {
        document.body.dataset.going = "1";
        timer = setTimeout(end, 1200);
      }
    };
    addEventListener("keydown", hear, true);
    return () => { removeEventListener("keydown", hear, true); end(); };
  }, [pages.join()]);
}

const OTHERS = { "⌘": "Ctrl", "⇧": "Shift" };
const KEYS = ["J K", "C", "R", "N", "/", "⌘ ↵", "⌘ ⇧ ↵", "E", "S", "H", "T", "B", "U", "D", "X", "⌘ K", "G", "?"];
const Keys = ({ close }) => html`<${Dialog} title=${t("nav.keyboard")} close=${close}><label class="row mid pick1"><input type="checkbox" data-first checked=${useStore(single)} onChange=${(e) => turn(e.target.checked)} />${t("keys.single")}</label><dl class="facts keys">${KEYS.map((key) => html`<dt>${key.split(" ").map((one) => html`<kbd>${MAC ? one : OTHERS[one] ?? one}</kbd> `)}</dt><dd>${t(`key.${key}`)}</dd>`)}</dl><//>`;

ready().then(() => render(html`<${App} />`, document.getElementById("app")));
