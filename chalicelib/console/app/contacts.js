// People: found by a name of theirs or an address, and one of them with everything that was said.
import { call, get } from "./api.js";
import { Edit } from "./contact.js";
import * as deeds from "./deeds.js";
import { Choose, Find, nameOf, reachOf, usePeople } from "./finding.js";
import { html, useEffect, useState } from "./html.js";
import { Later } from "./later.js";
import { Listed, useList } from "./listing.js";
import { Merges, SideBySide } from "./merge.js";
import { lineOf } from "./happened.js";
import { Btn, Card, Chip, Dialog, Face, Icon, Loading, Note, Page, Trouble, channelIcon, channelName } from "./parts.js";
import { go, href } from "./place.js";
import { Known, Reach, givenOf, purposeOf } from "./person.js";
import { may, session } from "./session.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { isDeed } from "./stream.js";
import { clock, day, sameDay, stamp } from "./time.js";
import { t } from "./words.js";

// Who answers some desks alone does not write first.
const writes = () => may("agent") && session.get().desk_ids == null;
const Write = (rest) => html`<${Later} load=${() => import("./sending.js")} what="Write" ...${rest} />`;

export const title = () => t("nav.contacts");
export default function Contacts({ id, filter, service }) {
  const other = filter.get("with");
  if (id && other) return html`<${SideBySide} key=${`${id} ${other}`} id=${id} other=${other} />`;
  return id ? html`<${One} key=${id} id=${id} service=${service} />` : html`<${Every} words=${filter.get("q") ?? ""} service=${service} />`;
}

function Every({ words, service }) {
  useStore(setup);
  const [text, set] = useState(words), [writing, write] = useState(false), list = usePeople(service, text);
  useEffect(() => { history.replaceState(null, "", href("contacts", "", list.asked ? { q: list.asked } : null)); }, [list.asked]);
  const actions = writes() && html`<${Btn} icon="send" onClick=${() => write(true)}>${t("sending.title")}<//>`;
  return html`<${Page} title=${t("nav.contacts")} lead=${t("lead.contacts")} actions=${actions}>
    ${writing && html`<${Write} service=${service} close=${() => write(false)} />`}
    <form class="row filters" role="search" onSubmit=${(e) => e.preventDefault()}><${Find} text=${text} set=${set} /></form>
    <${Listed} list=${list} empty=${list.asked ? { icon: "search", title: t("contacts.no_match", { words: list.asked }), more: t("contacts.no_match_more") } : { icon: "users", title: t("none.contacts"), more: t("none_more.contacts") }}>
    <${Card} flush=${true}><div class="tablewrap"><table class="list stack"><thead><tr><th>${t("col.name")}</th><th>${t("col.address")}</th><th>${t("col.tags")}</th><th>${t("col.since")}</th></tr></thead><tbody>
    ${list.data.map((one) => html`<tr key=${one.id}><td><a class="row strong" href=${href("contacts", one.id)}><${Face} name=${nameOf(one)} k="sm" />${nameOf(one)}</a></td>
      <td class="muted clip address">${reachOf(one)}</td><td class="muted">${one.tags.join(", ")}</td><td class="muted num">${stamp(one.created_at)}</td></tr>`)}</tbody></table></div><//><//><//>`;
}

function One({ id, service }) {
  const [state, set] = useState({ person: null, error: null }), [asking, ask] = useState(""), [turned, turn] = useState(0);
  useStore(setup);
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
  const actions = html`${writes() && html`<${Btn} kind="main" icon="send" onClick=${() => ask("write")}>${t("sending.title")}<//>`}${may("agent") && html`<${Btn} icon="git-merge" onClick=${() => ask("merge")}>${t("merge.with")}<//><${Btn} icon="device-floppy" onClick=${() => ask("edit")}>${t("contact.edit")}<//>`}${may("admin") && html`<${Btn} kind="danger" onClick=${() => ask("erase")}>${t("do.erase")}<//>`}`;
  const consent = Object.entries(person.consent);
  return html`<${Page} title=${nameOf(person)} crumb=${html`<a href=${href("contacts")}>${t("nav.contacts")}</a>`} actions=${actions}>
    ${person.id !== id && html`<${Note} icon="git-merge">${t("merge.was_merged")}<//>`}
    ${person.maybe_same.map((one) => html`<${Note} k="warn" icon="git-merge" key=${one.contact_id}>${t("contacts.maybe")} <a href=${href("contacts", person.id, { with: one.contact_id })}>${t("contact.compare")}</a><//>`)}
    <div class="twocol"><div class="grid start"><section class="card side1"><h2 class="unseen">${t("person.about")}</h2><${Reach} person=${person} quiet=${true} />
        ${person.tags.length > 0 && html`<section><h3>${t("col.tags")}</h3><div class="row wrap gap1">${person.tags.map((tag) => html`<${Chip} k="line" key=${tag}>${tag}<//>`)}</div></section>`}<${Known} attributes=${person.attributes} />
        ${consent.length > 0 && html`<section><h3>${t("consent.title")}</h3><dl class="facts">${consent.map(([purpose, given]) => html`<dt>${purposeOf(purpose)}</dt><dd>${givenOf(given) === false ? html`<${Chip} k="bad" icon="x">${t("consent.no")}<//>` : html`<${Chip} k="ok" icon="check">${t("consent.yes")}<//>`}${given?.at && html` <span class="small muted">${stamp(given.at)}${[given.source, given.why].filter(Boolean).map((one) => ` · ${one}`)}</span>`}</dd>`)}</dl></section>`}
        <${Merges} person=${person} changed=${read} /></section></div>
      <${Card} title=${t("contacts.timeline")}><${Timeline} id=${id} key=${`${person.updated_at} ${turned}`} /><//></div>
    ${asking === "write" && html`<${Write} service=${person.service_id} person=${person.id} close=${() => ask("")} done=${() => setTimeout(() => turn((n) => n + 1), 1500)} />`}
    ${asking === "edit" && html`<${Edit} person=${person} close=${() => ask("")} done=${(found) => { ask(""); set({ person: found, error: null }); }} />`}
    ${asking === "merge" && html`<${Choose} title=${t("merge.whom")} service=${service} but=${person.id} close=${() => ask("")} chosen=${(other) => go("contacts", person.id, { with: other })} />`}
    ${asking === "erase" && html`<${Dialog} title=${t("contacts.erase", { name: nameOf(person) })} close=${() => ask("")}><p class="mid">${t("contacts.erase_more")}</p><div class="row"><${Btn} kind="danger grow" onClick=${erase}>${t("do.erase")}<//><${Btn} data-first="" onClick=${() => ask("")}>${t("do.cancel")}<//></div><//>`}<//>`;
}

function Timeline({ id }) {
  const list = useList(`v1/contacts/${encodeURIComponent(id)}/timeline`, {});
  useStore(setup);
  const said = list.data.filter((one) => one.author.kind !== "system" || isDeed(one));
  const by = (one) => one.author.name || named(one.author.id) || t(`author.${one.author.kind}`);
  return html`<${Listed} list=${list} within=${true} empty=${{ icon: "message-circle", title: t("contacts.silent"), more: "" }}><ol class="tl">${said.map((one, n) => html`
    ${(n === 0 || !sameDay(said[n - 1].sent_at, one.sent_at)) && html`<li class="daymark"><span></span><span class="label">${day(one.sent_at)}</span></li>`}
    <li><span class="ic"><${Icon} n=${one.type === "note" ? "lock" : channelIcon(one.source)} /></span><span><span class="small muted">${clock(one.sent_at)} · ${by(one)} · ${named(one.channel_id) || channelName(one.source)}${one.conversation_id && html` · <a href=${href("conversations", one.conversation_id)}>${t("contacts.open")}</a>`}</span><br />${isDeed(one) ? lineOf(one, one.author.name || t("author.user")) : one.text || t("message.other", { type: one.type })}</span></li>`)}</ol><//>`;
}

