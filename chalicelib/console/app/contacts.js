// People: found by a name of theirs or an address, and one of them with everything that was said.
import { call, get, unique } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useState } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Dialog, Face, Icon, Loading, Note, Page, Trouble, channelIcon, channelName } from "./parts.js";
import { go, href } from "./place.js";
import { Known, Reach } from "./person.js";
import { who } from "./row.js";
import { may } from "./session.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { clock, day, sameDay, stamp } from "./time.js";
import { t } from "./words.js";

export const title = () => t("nav.contacts");
function nameOf(one) {
  const [channel, address] = one.identities.find((own) => own.kind === "channel")?.value.split(":") ?? [];
  return one.name || one.identities.find((own) => own.kind !== "channel")?.value || who({ address, channel_kind: setup.get().byId.get(channel)?.kind });
}

// What somebody typed, as the look-up that it can be: exact, because nothing is scanned.
function lookup(words) {
  const text = words.trim();
  if (!text) return {};
  if (text.includes("@")) return { email: text };
  if (/^\+?[\d\s().-]{5,}$/.test(text)) return { phone: text };
  return { external_id: text };
}

export default function Contacts({ id, filter, service }) {
  return id ? html`<${One} key=${id} id=${id} service=${service} />` : html`<${Every} words=${filter.get("q") ?? ""} service=${service} />`;
}

function Every({ words, service }) {
  useStore(setup);
  const [text, find] = useState(words);
  const list = useList("v1/contacts", { service_id: service, ...lookup(words) });
  const submit = (e) => { e.preventDefault(); go("contacts", "", text.trim() ? { q: text.trim() } : null); };
  return html`<${Page} title=${t("nav.contacts")} lead=${t("lead.contacts")}>
    <form class="row filters" role="search" onSubmit=${submit}><div class="find grow"><${Icon} n="search" /><input class="field" type="search" aria-label=${t("contacts.find")} placeholder=${t("contacts.find")} value=${text} onInput=${(e) => find(e.target.value)} /></div><button class="btn">${t("do.find")}</button></form>
    <${Listed} list=${list} empty=${words ? { icon: "search", title: t("contacts.no_match", { words }), more: t("contacts.no_match_more") } : { icon: "users", title: t("none.contacts"), more: t("none_more.contacts") }}>
    <${Card} flush=${true}><div class="tablewrap"><table class="list stack"><thead><tr><th>${t("col.name")}</th><th>${t("col.address")}</th><th>${t("col.tags")}</th><th>${t("col.since")}</th></tr></thead><tbody>
    ${list.data.map((one) => html`<tr key=${one.id}><td><a class="row strong" href=${href("contacts", one.id)}><${Face} name=${nameOf(one)} k="sm" />${nameOf(one)}</a></td>
      <td class="muted clip address">${one.identities.filter((own) => own.kind !== "channel").map((own) => own.value).join(", ") || one.identities.map((own) => named(own.value.split(":")[0])).filter(Boolean).join(", ")}</td><td class="muted">${one.tags.join(", ")}</td><td class="muted num">${stamp(one.created_at)}</td></tr>`)}</tbody></table></div><//><//><//>`;
}

function One({ id, service }) {
  const [state, set] = useState({ person: null, error: null }), [asking, ask] = useState("");
  const read = () => get(`v1/contacts/${encodeURIComponent(id)}`).then((person) => set({ person, error: null }), (error) => set({ person: null, error }));
  useEffect(() => { read(); }, []);
  const { person, error } = state;
  if (error) return html`<${Page} title=${t("nav.contacts")}><${Trouble} error=${error} again=${read} /><//>`;
  if (!person) return html`<${Page} title=${t("nav.contacts")}><${Loading} /><//>`;
  const erase = deeds.trying(async () => {
    ask("");
    await call("DELETE", `v1/contacts/${encodeURIComponent(id)}`);
    deeds.say(t("done.erasing"));
    go("contacts");
  });
  const merge = deeds.trying(async (other) => {
    ask("");
    await call("POST", `v1/contacts/${encodeURIComponent(id)}/merge`, { from: other }, { key: unique() });
    deeds.say(t("done.merged"));
    read();
  });
  return html`<${Page} title=${nameOf(person)} crumb=${html`<a href=${href("contacts")}>${t("nav.contacts")}</a>`} actions=${may("admin") && html`<${Btn} kind="danger" onClick=${() => ask("erase")}>${t("do.erase")}<//>`}>
    ${person.maybe_same.map((one) => html`<${Note} k="warn" icon="git-merge">${t("contacts.maybe")} <a href=${href("contacts", one.contact_id)}>${t("contacts.look")}</a> ${may("agent") && html`<${Btn} kind="sm" onClick=${() => merge(one.contact_id)}>${t("do.merge")}<//>`}<//>`)}
    <div class="twocol"><div class="grid start"><section class="card side1"><${Reach} person=${person} quiet=${true} /><${Known} attributes=${person.attributes} /></section></div>
      <${Card} title=${t("contacts.timeline")}><${Timeline} id=${id} service=${service} /><//></div>
    ${asking === "erase" && html`<${Dialog} title=${t("contacts.erase", { name: nameOf(person) })} close=${() => ask("")}><p class="mid">${t("contacts.erase_more")}</p><div class="row"><${Btn} kind="danger grow" onClick=${erase}>${t("do.erase")}<//><${Btn} data-first="" onClick=${() => ask("")}>${t("do.cancel")}<//></div><//>`}<//>`;
}

function Timeline({ id }) {
  const list = useList(`v1/contacts/${encodeURIComponent(id)}/timeline`, {});
  useStore(setup);
  const said = list.data.filter((one) => one.author.kind !== "system");
  const by = (one) => one.author.name || named(one.author.id) || t(`author.${one.author.kind}`);
  return html`<${Listed} list=${list} within=${true} empty=${{ icon: "message-circle", title: t("contacts.silent"), more: "" }}><ol class="tl">${said.map((one, n) => html`
    ${(n === 0 || !sameDay(said[n - 1].sent_at, one.sent_at)) && html`<li class="daymark"><span></span><span class="label">${day(one.sent_at)}</span></li>`}
    <li><span class="ic"><${Icon} n=${one.type === "note" ? "lock" : channelIcon(one.source)} /></span><span><span class="small muted">${clock(one.sent_at)} · ${by(one)} · ${named(one.channel_id) || channelName(one.source)}${one.conversation_id && html` · <a href=${href("conversations", one.conversation_id)}>${t("contacts.open")}</a>`}</span><br />${one.text || t("message.other", { type: one.type })}</span></li>`)}</ol><//>`;
}

