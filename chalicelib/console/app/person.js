// Who one is talking with: how they can be reached, what is known, and everything lately.
import { get, query } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Chip, Empty, Face, Icon, Note, channelIcon, channelName } from "./parts.js";
import { href } from "./place.js";
import { named, setup } from "./setup.js";
import { stamp } from "./time.js";
import { t } from "./words.js";

const ICON = { phone: "phone", email: "mail", external_id: "key", external: "key", whatsapp: "brand-whatsapp", webchat: "message-circle" };

export function Person({ contact, name: known, channel, up, close }) {
  const [found, set] = useState({ id: "", person: null, lately: [] });
  useEffect(() => {
    if (!contact.id) return undefined;
    const ended = new AbortController();
    const path = `v1/contacts/${encodeURIComponent(contact.id)}`;
    Promise.all([get(path, { signal: ended.signal }), get(query(`${path}/timeline`, { limit: 30 }), { signal: ended.signal })])
      .then(([person, lately]) => set({ id: contact.id, person, lately: lately.data }))
      .catch(() => {});
    return () => ended.abort();
  }, [contact.id]);
  const person = found.id === contact.id ? found.person : null;
  const name = person?.name || known;
  return html`<aside class=${`side scroll ${up ? "up" : ""}`} aria-label=${t("person.about_name", { name })} tabindex="0">
    <section><div class="row gap3"><${Face} name=${name} k="lg" /><div class="grow"><h2 class="clip">${person ? html`<a href=${href("contacts", person.id)}>${name}</a>` : name}</h2><div class="small muted">${person?.created_at ? t("person.since", { at: stamp(person.created_at) }) : channelName(channel)}</div></div>
      <${Btn} kind="bare sm icon only-narrow" icon="x" label=${t("do.dismiss")} onClick=${close} /></div>
      ${person?.tags?.length > 0 && html`<div class="row wrap gap1 tags">${person.tags.map((tag) => html`<${Chip} k="line">${tag}<//>`)}</div>`}</section>
    ${person ? html`<${Reach} person=${person} /><${Known} attributes=${person.attributes} /><${Lately} lately=${found.lately} />`
      : !contact.id && html`<${Empty} icon="user-question" title=${t("person.nothing")}>${t("person.nothing_more")}<//>`}
  </aside>`;
}

// The address of a channel is "<channel>:<address>"; of a web chat it says nothing to a person.
const channelOf = (one) => setup.get().byId.get(one.value.split(":")[0]);
export const iconOf = (one) => ICON[one.kind] ?? channelIcon(channelOf(one)?.kind ?? one.kind);
export function addressOf(one) {
  const at = channelOf(one);
  return !at ? one.value : at.kind === "webchat" ? at.name : one.value.slice(at.id.length + 1);
}

// Consent is a word of its own, or says when and where it was given.
export const givenOf = (consent) => (consent !== null && typeof consent === "object" ? consent.given : consent);


// "<what for>@<channel>", where it was said to a channel: as a channel's name it can be read.
export function purposeOf(purpose) {
  const [scope, at] = purpose.split("@"), channel = setup.get().byId.get(at);
  return !channel ? purpose : scope === "all" ? channel.name : `${scope} · ${channel.name}`;
}

export function Reach({ person, quiet = false }) {
  const says = ({ kind, value }) => givenOf(person.consent?.[kind === "channel" ? `all@${value.split(":")[0]}` : kind] ?? null);
  return html`<section><h3>${t("person.reach")}</h3>
    ${person.identities.map((one) => html`<div class="ident"><${Icon} n=${iconOf(one)} /><span class="clip num" title=${one.value}>${addressOf(one)}</span>${
      says(one) === false ? html`<${Chip} k="bad" icon="x">${t("person.no_consent")}<//>` : says(one) ? html`<span class="c-ok" title=${t("person.consent")}><${Icon} n="check" /><span class="unseen">${t("person.consent")}</span></span>` : ""}</div>`)}
    ${!person.identities.length && html`<p class="muted mid">${t("person.no_address")}</p>`}
    ${!quiet && person.maybe_same?.length > 0 && html`<div class="same"><${Note} k="warn" icon="git-merge"><a class="small" href=${href("contacts", person.id, { with: person.maybe_same[0].contact_id })}>${t("person.maybe_same", { n: person.maybe_same.length })}</a><//></div>`}</section>`;
}

export const plain = (value) => (value === null || typeof value !== "object" ? String(value) : JSON.stringify(value));
export const Known = ({ attributes }) => Object.keys(attributes ?? {}).length > 0 && html`<section><h3>${t("person.known")}</h3><dl class="facts">${
  Object.entries(attributes).map(([name, value]) => html`<dt>${name}</dt><dd>${plain(value)}</dd>`)}</dl></section>`;

// One line for each conversation of the last messages, and for each event of a source.
function Lately({ lately }) {
  const seen = new Set();
  const shown = lately.filter((one) => {
    const key = one.type === "event" && one.author.kind === "event" ? one.id : one.conversation_id ?? one.id;
    return one.author.kind !== "system" && one.type !== "note" && !seen.has(key) && seen.add(key);
  });
  if (!shown.length) return null;
  return html`<section><h3>${t("person.lately")}</h3><ol class="tl">${shown.slice(0, 8).map((one) => html`<li><span class="ic"><${Icon} n=${channelIcon(one.source)} /></span>
    <span><span class="two">${one.text || t("message.other", { type: (one.content.name ?? one.type).replaceAll("_", " ") })}</span><span class="small faint">${stamp(one.sent_at)} · ${named(one.channel_id) || channelName(one.source)}</span></span></li>`)}</ol></section>`;
}
