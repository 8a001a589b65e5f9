// What is known of a person, changed by a person: name, addresses, tags, attributes, and what they agreed to.
import { call } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useState } from "./html.js";
import { Btn, Dialog, Icon, Note, Reason } from "./parts.js";
import { addressOf, givenOf, iconOf, plain, purposeOf } from "./person.js";
import { href } from "./place.js";
import { t } from "./words.js";

const KINDS = ["email", "phone", "external"];
const CHOICES = ["", "yes", "no"];
const choiceOf = (given) => (given === undefined ? "" : givenOf(given) === false ? "no" : "yes");

// A text that somebody wrote, as the kind of value that was there before.
function typed(text, before) {
  if (typeof before === "string" || before === undefined) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// What is different, as a merge patch; null where nothing is.
function patchOf(person, now) {
  const patch = {};
  if (now.name.trim() !== (person.name ?? "")) patch.name = now.name.trim() || null;
  const tags = now.tags.split(",").map((one) => one.trim()).filter(Boolean);
  if (tags.join() !== person.tags.join()) patch.tags = tags;
  const attributes = {};
  for (const key of Object.keys(person.attributes)) if (!now.attributes.some(([name]) => name.trim() === key)) attributes[key] = null;
  for (const [name, text] of now.attributes) {
    const key = name.trim(), before = person.attributes[key];
    if (key && (before === undefined || text !== plain(before))) attributes[key] = typed(text, before);
  }
  if (Object.keys(attributes).length) patch.attributes = attributes;
  const consent = {};
  for (const [name, choice] of now.consent) {
    const key = name.trim();
    if (!key || choice === choiceOf(person.consent[key])) continue;
    consent[key] = choice ? { given: choice === "yes", at: new Date().toISOString(), source: "console" } : null;
  }
  if (Object.keys(consent).length) patch.consent = consent;
  const add = now.add.filter((one) => one.value.trim()).map((one) => ({ kind: one.kind, value: one.value.trim() }));
  if (add.length || now.remove.length) patch.identities = { ...(add.length ? { add } : {}), ...(now.remove.length ? { remove: now.remove } : {}) };
  return Object.keys(patch).length ? patch : null;
}

export function Edit({ person, close, done }) {
  const [now, set] = useState({
    name: person.name ?? "", tags: person.tags.join(", "), attributes: Object.entries(person.attributes).map(([key, value]) => [key, plain(value)]),
    consent: Object.entries(person.consent).map(([key, given]) => [key, choiceOf(given)]), add: [], remove: [],
  });
  const [wrong, say] = useState(null), [busy, wait] = useState(false);
  const put = (name, at, value) => set({ ...now, [name]: now[name].map((one, n) => (n === at ? value : one)) });
  const more = (name, value) => set({ ...now, [name]: [...now[name], value] });
  const less = (name, at) => set({ ...now, [name]: now[name].filter((_, n) => n !== at) });
  const save = async (e) => {
    e.preventDefault();
    const patch = patchOf(person, now);
    if (!patch) return close();
    wait(true);
    try {
      done(await call("PATCH", `v1/contacts/${encodeURIComponent(person.id)}`, patch));
      deeds.say(t("done.saved"));
    } catch (error) {
      say(error);
      wait(false);
    }
    return undefined;
  };
  const gone = (one) => now.remove.some((other) => other.kind === one.kind && other.value === one.value);
  return html`<${Dialog} title=${t("contact.edit")} close=${close} kind="wide2"><form class="col gap4" onSubmit=${save} novalidate>
    ${wrong && html`<${Note} k="bad" icon="alert-triangle" role="alert">${wrong.code === "identity_taken" ? t("contact.taken") : wrong.errors.length ? wrong.errors.map((one) => html`<p key=${one.path}>${one.path.slice(1)}: ${one.message}</p>`) : html`<${Reason} error=${wrong} />`}${wrong.problem?.contact_id && html` <a href=${href("contacts", person.id, { with: wrong.problem.contact_id })}>${t("contact.compare")}</a>`}<//>`}
    <div class="formrow"><label class="label" for="ct-name">${t("col.name")}</label><input id="ct-name" class="field" data-first="" value=${now.name} onInput=${(e) => set({ ...now, name: e.target.value })} /></div>
    <fieldset class="bare col gap1"><legend class="label">${t("person.reach")}</legend>
      ${person.identities.map((one) => html`<div class="row" key=${one.kind + one.value}><${Icon} n=${iconOf(one)} c="muted" /><span class=${`grow clip ${gone(one) ? "struck" : ""}`}>${addressOf(one)}</span><${Btn} kind="sm bare" onClick=${() => set({ ...now, remove: gone(one) ? now.remove.filter((other) => other.kind !== one.kind || other.value !== one.value) : [...now.remove, { kind: one.kind, value: one.value }] })}>${t(gone(one) ? "contact.keep" : "do.remove")}<//></div>`)}
      ${now.add.map((one, at) => html`<div class="row" key=${`new ${at}`}><select class="field" aria-label=${t("col.kind")} value=${one.kind} onChange=${(e) => put("add", at, { ...one, kind: e.target.value })}>${KINDS.map((kind) => html`<option value=${kind}>${t(`contact.${kind}`)}</option>`)}</select>
        <input class="field grow" aria-label=${t(`contact.${one.kind}`)} value=${one.value} onInput=${(e) => put("add", at, { ...one, value: e.target.value })} /><${Btn} kind="sm bare icon" icon="x" label=${t("do.remove")} onClick=${() => less("add", at)} /></div>`)}
      <div><${Btn} kind="sm" icon="plus" onClick=${() => more("add", { kind: "email", value: "" })}>${t("contact.add_address")}<//></div></fieldset>
    <div class="formrow"><label class="label" for="ct-tags">${t("col.tags")}</label><input id="ct-tags" class="field" value=${now.tags} onInput=${(e) => set({ ...now, tags: e.target.value })} /><span class="small muted">${t("contact.tags_more")}</span></div>
    <fieldset class="bare col gap1"><legend class="label">${t("person.known")}</legend>
      ${now.attributes.map(([name, text], at) => html`<div class="row pair" key=${at}><input class="field" aria-label=${t("contact.attribute")} value=${name} onInput=${(e) => put("attributes", at, [e.target.value, text])} /><input class="field" aria-label=${t("contact.value", { name })} value=${text} onInput=${(e) => put("attributes", at, [name, e.target.value])} /><${Btn} kind="sm bare icon" icon="x" label=${t("contact.remove", { name })} onClick=${() => less("attributes", at)} /></div>`)}
      <div><${Btn} kind="sm" icon="plus" onClick=${() => more("attributes", ["", ""])}>${t("contact.add_attribute")}<//></div></fieldset>
    <fieldset class="bare col gap1"><legend class="label">${t("consent.title")}</legend>
      ${now.consent.map(([name, choice], at) => html`<div class="row" key=${at}>${name in person.consent ? html`<span class="grow clip">${purposeOf(name)}</span>` : html`<input class="field grow" aria-label=${t("consent.purpose")} placeholder=${t("consent.example")} value=${name} onInput=${(e) => put("consent", at, [e.target.value, choice])} />`}
        <select class="field" aria-label=${t("consent.for", { purpose: purposeOf(name) })} value=${choice} onChange=${(e) => put("consent", at, [name, e.target.value])}>${CHOICES.map((one) => html`<option value=${one}>${t(`consent.${one || "unsaid"}`)}</option>`)}</select></div>`)}
      <div><${Btn} kind="sm" icon="plus" onClick=${() => more("consent", ["", "yes"])}>${t("consent.add")}<//></div></fieldset>
    <div class="row"><button class="btn main grow" disabled=${busy}><${Icon} n="device-floppy" />${t("do.save")}</button><${Btn} onClick=${close}>${t("do.cancel")}<//></div></form><//>`;
}
