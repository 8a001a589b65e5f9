// Two contacts side by side: what each is, what they become together, and the deed; and taking it back.
import { get, post, query, unique } from "./api.js";
import * as deeds from "./deeds.js";
import { nameOf } from "./finding.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Btn, Card, Chip, Face, Icon, Loading, Note, Page, Trouble, channelName } from "./parts.js";
import { addressOf, givenOf, iconOf, plain, purposeOf } from "./person.js";
import { go, href } from "./place.js";
import { may } from "./session.js";
import { named } from "./setup.js";
import { stamp, whole } from "./time.js";
import { t } from "./words.js";

const LAST = 4;
const path = (id, deed = "") => `v1/contacts/${encodeURIComponent(id)}${deed}`;
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const filled = (first, second) => (isObject(first) && isObject(second) ? { ...second, ...Object.fromEntries(Object.entries(first).map(([key, value]) => [key, key in second ? filled(value, second[key]) : value])) } : first);

// As the API does it: who stays is right, the other fills what is missing, and in consent a refusal of either wins.
function together(stays, goes) {
  const consent = { ...goes.consent, ...stays.consent };
  for (const [purpose, given] of Object.entries(goes.consent)) if (givenOf(given) === false && givenOf(consent[purpose]) !== false) consent[purpose] = given;
  return { name: stays.name || goes.name, attributes: filled(stays.attributes, goes.attributes), consent };
}

// While a deed of a page is under way none of it is done again.
function useOnce() {
  const busy = useRef(false);
  return (deed) => async (...given) => {
    if (busy.current) return;
    busy.current = true;
    try {
      await deed(...given);
    } finally {
      busy.current = false;
    }
  };
}

export function SideBySide({ id, other }) {
  const [state, set] = useState({ both: null, error: null }), once = useOnce();
  const read = async () => {
    try {
      set({ both: await Promise.all([id, other].map(async (one) => {
        const person = await get(path(one));
        return { ...person, last: (await get(query(path(one, "/timeline"), { limit: 12 }))).data.filter((said) => said.author.kind !== "system").slice(0, LAST) };
      })), error: null });
    } catch (error) {
      set({ both: null, error });
    }
  };
  useEffect(() => { read(); }, [id, other]);
  const frame = (inner, actions) => html`<${Page} title=${t("merge.title")} lead=${t("merge.lead")} crumb=${html`<a href=${href("contacts")}>${t("nav.contacts")}</a>`} actions=${actions}>${inner}<//>`;
  if (state.error) return frame(html`<${Trouble} error=${state.error} again=${read} />`);
  if (!state.both) return frame(html`<${Loading} />`);
  const [stays, goes] = state.both;
  // One of them was merged since somebody looked: then there is one person, who is shown whole.
  if (stays.id === goes.id) return frame(html`<${Note} icon="git-merge">${t("merge.one_already")} <a href=${href("contacts", stays.id)}>${nameOf(stays)}</a><//>`);
  const merge = once(async () => {
    try {
      await post(path(stays.id, "/merge"), { from: goes.id }, { key: unique() });
      deeds.say(t("done.merged"));
      go("contacts", stays.id);
    } catch (error) {
      if (error.code === "already_merged") deeds.say(t("merge.meanwhile"), true);
      else deeds.refused(error);
      if (error.code === "already_merged") go("contacts", error.problem.contact_id ?? stays.id);
      else read();
    }
  });
  const two = once(deeds.trying(async () => {
    await post(path(stays.id, "/dismiss"), { contact_id: goes.id }, { key: unique() });
    deeds.say(t("merge.dismissed"));
    go("contacts", stays.id);
  }));
  const suggested = stays.maybe_same.some((one) => one.contact_id === goes.id);
  const sum = together(stays, goes);
  const said = (value) => (value === null || value === undefined || value === "" ? html`<span class="faint">${t("merge.nothing")}</span>` : value);
  const row = (label, of, now) => html`<tr><th scope="row">${label}</th><td data-of=${nameOf(stays)}>${said(of(stays))}</td><td data-of=${nameOf(goes)}>${said(of(goes))}</td><td class="sum" data-of=${t("merge.together")}>${said(now)}</td></tr>`;
  const ways = (one) => one.identities.map((own) => html`<div class="row gap1" key=${own.kind + own.value}><${Icon} n=${iconOf(own)} c="muted" /><span class="clip">${addressOf(own)}</span></div>`);
  const yes = (given) => (given === undefined ? null : givenOf(given) === false ? html`<${Chip} k="bad" icon="x">${t("consent.no")}<//>` : html`<${Chip} k="ok" icon="check">${t("consent.yes")}<//>`);
  const keys = (name) => [...new Set([...Object.keys(stays[name]), ...Object.keys(goes[name])])];
  const tags = (all) => all.join(", ");
  const last = (one) => (one.last.length ? html`<ol class="col gap1">${one.last.map((m) => html`<li key=${m.id}><span><span class="two">${m.text || t("message.other", { type: m.type })}</span><span class="small faint">${stamp(m.sent_at)} · ${named(m.channel_id) || channelName(m.source)}</span></span></li>`)}</ol>` : null);
  return frame(html`
    <${Card} flush=${true}><div class="tablewrap"><table class="list sides"><thead><tr><td></td><th scope="col"><span class="row"><${Face} name=${nameOf(stays)} k="sm" />${nameOf(stays)} <${Chip} k="accent">${t("merge.stays")}<//></span></th><th scope="col"><span class="row"><${Face} name=${nameOf(goes)} k="sm" />${nameOf(goes)} <${Chip}>${t("merge.goes")}<//></span></th><th scope="col">${t("merge.together")}</th></tr></thead><tbody>
      ${row(t("col.name"), (one) => one.name, sum.name)}
      ${row(t("person.reach"), (one) => one.identities.length > 0 && ways(one), ways({ identities: [...stays.identities, ...goes.identities] }))}
      ${row(t("col.tags"), (one) => tags(one.tags), tags([...new Set([...stays.tags, ...goes.tags])]))}
      ${keys("attributes").map((key) => row(key, (one) => (key in one.attributes ? plain(one.attributes[key]) : null), plain(sum.attributes[key])))}
      ${keys("consent").map((key) => row(t("consent.for", { purpose: purposeOf(key) }), (one) => yes(one.consent[key]), yes(sum.consent[key])))}
      ${row(t("col.since"), (one) => stamp(one.created_at), stamp(stays.created_at))}
      ${row(t("merge.last"), last, t("merge.all"))}</tbody></table></div><//>
    <${Note} icon="info-circle"><p>${t("merge.rule", { name: nameOf(stays) })}</p><p>${t("merge.back")}</p><//>`,
  html`<${Btn} icon="arrows-shuffle" onClick=${() => go("contacts", goes.id, { with: stays.id })}>${t("merge.swap")}<//>
    ${suggested && may("agent") && html`<${Btn} icon="x" onClick=${two}>${t("merge.two")}<//>`}
    <a class="btn" href=${href("contacts", stays.id)}>${t("do.cancel")}</a>${may("agent") && html`<${Btn} kind="main" icon="git-merge" onClick=${merge}>${t("do.merge")}<//>`}`);
}

// What was merged into a contact, and taking it back.
export function Merges({ person, changed }) {
  const [found, set] = useState([]), once = useOnce();
  const read = () => get(path(person.id, "/merges")).then((answer) => set(answer.data), () => {});
  useEffect(() => { read(); }, [person.id, person.updated_at]);
  const back = once(deeds.trying(async (one) => {
    await post(path(person.id, "/unmerge"), { merge_id: one.merge_id }, { key: unique() });
    deeds.say(t("merge.undone"));
    changed();
  }));
  const standing = found.filter((one) => !one.undone_at);
  return standing.length > 0 && html`<section><h3>${t("merge.merges")}</h3><ul class="col gap1">${standing.map((one) => html`<li class="row" key=${one.merge_id}><${Icon} n="git-merge" c="muted" /><span class="grow small muted">${t("merge.was", { at: whole(one.at), who: named(one.by) || (one.by === "parley" ? t("merge.by_itself") : one.by) })}</span>
    ${may("agent") && html`<${Btn} kind="sm" onClick=${() => back(one)}>${t("merge.undo")}<//>`}</li>`)}</ul></section>`;
}
