// Finding people: by a whole address or number, or by how the words of their names begin.
import { get, query } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Dialog, Face, Icon } from "./parts.js";
import { who } from "./row.js";
import { named, setup } from "./setup.js";
import { t } from "./words.js";

const AFTER_MS = 250; // since the last key
const FEWEST = 2;

export function nameOf(one) {
  const [channel, address] = one.identities.find((own) => own.kind === "channel")?.value.split(":") ?? [];
  return one.name || one.identities.find((own) => own.kind !== "channel")?.value || who({ address, channel_kind: setup.get().byId.get(channel)?.kind });
}

export const reachOf = (one) => one.identities.filter((own) => own.kind !== "channel").map((own) => own.value).join(", ") || one.identities.map((own) => named(own.value.split(":")[0])).filter(Boolean).join(", ");

// What somebody types, as the look-up that it can be: nothing is scanned.
function lookup(text) {
  if (text.includes("@")) return { email: text };
  if (/^\+?[\d\s().-]{5,}$/.test(text)) return { phone: text };
  return [...text].length < FEWEST && text < "\u2e80" ? {} : { q: text };
}

// A list of people that follows what is typed: what `useList` gives, with those of an external id first.
export function usePeople(service, text) {
  const [asked, ask] = useState(text.trim()), [exact, found] = useState({ of: "", data: [] });
  useEffect(() => {
    const timer = setTimeout(() => ask(text.trim()), AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const given = lookup(asked), list = useList("v1/contacts", { service_id: service, ...given });
  const round = useRef(0);
  useEffect(() => {
    const mine = (round.current += 1);
    if (given.q && !/\s/.test(asked)) get(query("v1/contacts", { service_id: service, external_id: asked })).then((answer) => mine === round.current && found({ of: asked, data: answer.data }), () => {});
  }, [service, asked]);
  const first = exact.of === asked && given.q ? exact.data : [];
  const ids = new Set(first.map((one) => one.id));
  return { ...list, asked, data: [...first, ...list.data.filter((one) => !ids.has(one.id))] };
}

export const Find = ({ text, set, ...rest }) => html`<div class="find grow"><${Icon} n="search" /><input class="field" type="search" aria-label=${t("contacts.find")} placeholder=${t("contacts.find")} autocomplete="off" value=${text} onInput=${(e) => set(e.target.value)} ...${rest} /></div>`;

// One of them is chosen, for something that is asked of two.
export function Choose({ title, service, but, close, chosen }) {
  const [text, set] = useState(""), list = usePeople(service, text), shown = list.data.filter((one) => one.id !== but);
  return html`<${Dialog} title=${title} close=${close} kind="wide2"><div class="col gap3"><${Find} text=${text} set=${set} data-first="" />
    <div class="matches scroll"><${Listed} list=${list} within=${true} empty=${{ icon: "search", title: t("contacts.no_match", { words: text }), more: t("contacts.no_match_more") }}>
      <div class="col gap1">${shown.map((one) => html`<${Btn} key=${one.id} onClick=${() => chosen(one.id)}><${Face} name=${nameOf(one)} k="sm" /><span class="clip">${nameOf(one)}</span><span class="push muted small clip">${reachOf(one)}</span><//>`)}</div><//></div></div><//>`;
}
