// Find anything: a conversation, a page, a person by their name, another service.
import { get, query } from "./api.js";
import { html, useEffect, useMemo, useState } from "./html.js";
import { Dialog, Icon, channelIcon } from "./parts.js";
import { PAGES } from "./pages.js";
import { go, place } from "./place.js";
import { who as nameOf } from "./row.js";
import { listed, rows } from "./rows.js";
import { t } from "./words.js";

const MOST = 12, PEOPLE = 5, FEWEST = 2, AFTER_MS = 250;

export function Palette({ pages, who, close }) {
  const [words, find] = useState(""), [at, point] = useState(0), [people, know] = useState([]);
  useEffect(() => {
    know([]);
    if (words.trim().length < FEWEST || !pages.includes("contacts")) return undefined;
    const ended = new AbortController();
    const timer = setTimeout(() => get(query("v1/contacts", { service_id: place.get().service, q: words.trim(), limit: PEOPLE }), { signal: ended.signal }).then((answer) => know(answer.data), () => {}), AFTER_MS);
    return () => { clearTimeout(timer); ended.abort(); };
  }, [words]);
  const all = useMemo(() => [
    ...listed(rows.get(), "all").map((row) => ({ icon: channelIcon(row.channel_kind), text: nameOf(row), more: row.last?.text ?? row.address, deed: () => go("inbox", row.conversation_id) })),
    ...pages.map((name) => ({ icon: PAGES[name].icon, text: t(`nav.${name}`), more: `G ${PAGES[name].key.toUpperCase()}`, deed: () => go(name) })),
    ...who.services.filter((one) => one.id !== place.get().service).map((one) => ({ icon: "arrows-shuffle", text: one.name, more: t("service.go"), deed: () => { location.hash = `#/${encodeURIComponent(one.id)}/inbox`; } })),
  ], []);
  const known = people.map((one) => ({ icon: "user", text: one.name, more: t("nav.contacts"), deed: () => go("contacts", one.id) }));
  const found = [...all.filter((one) => `${one.text} ${one.more ?? ""}`.toLowerCase().includes(words.toLowerCase())).slice(0, MOST - known.length), ...known];
  const choose = (one) => { close(); one?.deed(); };
  const key = (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      point((at + (e.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length));
    } else if (e.key === "Enter") choose(found[at]);
  };
  return html`<${Dialog} title=${t("nav.find")} close=${close} kind="palette"><input class="field" data-first="" role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant=${found.length ? `found-${at}` : undefined} aria-label=${t("nav.find")} placeholder=${t("nav.find")} value=${words} onInput=${(e) => { find(e.target.value); point(0); }} onKeyDown=${key} />
    <ul id="found" role="listbox" aria-label=${t("nav.find")}>${found.map((one, n) => html`<li id=${`found-${n}`} role="option" aria-selected=${String(n === at)} onClick=${() => choose(one)}><${Icon} n=${one.icon} /><span class="clip">${one.text}</span><span class="push muted small clip">${one.more}</span></li>`)}
    ${!found.length && html`<li class="muted">${t("inbox.no_match", { words })}</li>`}</ul><//>`;
}
