// A form made from a schema. What is wrong stands at its field; ids are chosen by name.
import { Fragment, html, useState } from "./html.js";
import { Btn, Icon } from "./parts.js";
import { setup } from "./setup.js";
import { Unread, blank, plain } from "./schema.js";
import { useStore } from "./store.js";
import { WhenField } from "./when.js";
import { known, t } from "./words.js";

const LONG = 400;
const SHORT_FORMS = { url: "URL", id: "ID", ids: "IDs", s: "(s)", api: "API", csv: "CSV" };
const OF_KIND = { "bot-id": "bots", "desk-id": "desks", "channel-id": "channels", "person-id": "people", "trigger-id": "triggers" };
const ZONES = Intl.supportedValuesOf?.("timeZone") ?? [];

export function labelOf(name) {
  if (known(`field.${name}`)) return t(`field.${name}`);
  const words = name.split("_").map((word) => SHORT_FORMS[word] ?? word).join(" ");
  return words[0].toUpperCase() + words.slice(1);
}

// What everybody fills in comes first; what few ever change is folded away.
const FIRST = ["name", "shortcut", "text", "to", "bot_id", "desk_id", "webhook_url", "url", "events", "key"];
const SELDOM = ["headers", "retry", "background", "timeout_s", "max_age_s", "suspended", "transformers", "labels", "position", "sources", "context", "access_token", "mapping_test"];
const place = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

export function Form({ all, fields, values, set, wrong, hidden = [], secret = () => null, prefix = "" }) {
  const names = Object.keys(fields.properties).filter((name) => !hidden.includes(name));
  const often = names.filter((name) => !SELDOM.includes(name)).sort((one, other) => place(one) - place(other)), seldom = names.filter((name) => SELDOM.includes(name));
  const field = (name) => html`<${Field} key=${prefix + name} all=${all} name=${name} schema=${fields.properties[name]} path=${`${prefix}/${name}`} needed=${fields.required.includes(name)} value=${values[name]}
    set=${(value) => set({ ...values, [name]: value })} wrong=${wrong} secret=${secret} />`;
  const folded = seldom.length > 0 && often.length > 0;
  return html`${often.map(field)}${folded ? html`<details class="more" open=${seldom.some((name) => Object.keys(wrong).some((path) => path.startsWith(`${prefix}/${name}`)))}><summary class="label">${t("form.more")}</summary><div class="col gap4">${seldom.map(field)}</div></details>` : seldom.map(field)}`;
}

// What is wrong within a value that is one field here: an expression, say, with its place in it.
function inside(wrong, path) {
  const [place, why] = Object.entries(wrong).find(([one]) => one.startsWith(`${path}/`)) ?? [];
  return why && `${place.slice(path.length)}: ${why}`;
}

function Field({ all, name, schema, path, needed, value, set, wrong, secret }) {
  const id = `f${path.replaceAll("/", "-")}`, unread = value instanceof Unread, why = unread ? value.why : wrong[path] ?? (schema.properties && !schema.several ? undefined : inside(wrong, path)), hint = name === "when" ? "" : schema.description?.replaceAll("`", "");
  const inner = schema.properties && !schema.several;
  if (inner) {
    const given = value ?? {};
    const on = value !== null && value !== undefined;
    return html`<fieldset class="inner"><legend class="label">${schema.nullable ? html`<label class="row"><input type="checkbox" class="check" checked=${on} onChange=${(e) => set(e.target.checked ? blank(all, { ...schema, nullable: false, default: undefined, properties: schema.properties }) : null)} />${labelOf(name)}</label>` : labelOf(name)}</legend>
      ${on && html`<${Form} all=${all} fields=${{ properties: Object.fromEntries(Object.entries(schema.properties).map(([own, one]) => [own, plain(all, one)])), required: schema.required ?? [] }} values=${given} set=${set} wrong=${wrong} prefix=${path} secret=${secret} />`}
      ${why && html`<p class="wrong" id=${`${id}-why`} lang="en">${why}</p>`}</fieldset>`;
  }
  const common = { id, "aria-invalid": why ? "true" : undefined, "aria-describedby": [hint && `${id}-hint`, why && `${id}-why`].filter(Boolean).join(" ") || undefined };
  const check = schema.type === "boolean";
  return html`<div class=${`formrow ${check ? "check1" : ""}`}>
    ${check ? html`<label class="row mid"><input type="checkbox" class="check" ...${common} checked=${Boolean(value)} onChange=${(e) => set(e.target.checked)} />${labelOf(name)}</label>`
      : html`<label class="label" for=${id}>${labelOf(name)}${needed && html`<span class="c-bad" aria-hidden="true"> *</span>`}</label><${Input} all=${all} name=${name} schema=${schema} value=${value} set=${set} needed=${needed} common=${common} secret=${secret(path)} />`}
    ${hint && html`<p class="small muted" id=${`${id}-hint`} lang="en">${hint}</p>`}
    ${why && html`<p class="wrong" id=${`${id}-why`} lang=${unread ? undefined : "en"}><${Icon} n="alert-triangle" />${why}</p>`}</div>`;
}

function Input({ all, name, schema, value, set, needed, common, secret }) {
  const rows = useStore(setup);
  const text = (given) => set(given === "" && schema.nullable ? null : given);
  if (secret !== null && secret !== undefined) return html`<${SecretField} name=${name} kept=${secret} value=${value} set=${set} removable=${schema.nullable && !schema.format} common=${common} />`;
  const chosen = OF_KIND[schema.format];
  if (schema.enum || chosen) {
    const options = schema.enum ? schema.enum.map((one) => [one, known(`value.${one}`) ? t(`value.${one}`) : one]) : rows[chosen].map((one) => [one.id, one.name ?? one.id]);
    return html`<select class="field" ...${common} required=${needed} value=${value ?? ""} onChange=${(e) => text(e.target.value)}>${(schema.nullable || !needed || !value) && html`<option value="">${t("form.none")}</option>`}${options.map(([id, label]) => html`<option value=${id}>${label}</option>`)}</select>`;
  }
  if (schema.type === "integer" || schema.type === "number") return html`<input class="field" type="number" ...${common} required=${needed} min=${schema.minimum} max=${schema.maximum} step=${schema.type === "integer" ? 1 : "any"} value=${value instanceof Unread ? "" : value ?? ""} onInput=${(e) => set(e.target.validity.badInput ? new Unread("", t("form.no_number")) : e.target.value === "" ? null : Number(e.target.value))} />`;
  if (schema.type === "array") {
    const item = plain(all, schema.items), of = item.enum ?? (OF_KIND[item.format] && rows[OF_KIND[item.format]].map((one) => one.id));
    const list = value ?? [];
    if (of) return html`<div class="col gap1" role="group" ...${common}>${of.map((one) => html`<label class="row mid"><input type="checkbox" class="check" checked=${list.includes(one)} onChange=${(e) => set(e.target.checked ? [...list, one] : list.filter((other) => other !== one))} />${rows.byId.get(one)?.name ?? one}</label>`)}${!of.length && html`<span class="muted small">${t("form.nothing")}</span>`}</div>`;
    if (item.type === "string" || item.type === "integer") return html`<${LinesField} list=${list} read=${item.type === "integer" ? Number : String} set=${set} common=${common} />`;
  }
  if (name === "when") return html`<${WhenField} value=${value} set=${set} common=${common} Json=${JsonField} />`;
  if (schema.type !== "string") return html`<${JsonField} value=${value} set=${set} none=${schema.nullable ? null : blank(all, schema)} common=${common} />`;
  if (schema.format === "iana-time-zone") return html`<${Fragment}><input class="field" list="zones" ...${common} value=${value ?? ""} onInput=${(e) => text(e.target.value)} /><datalist id="zones">${ZONES.map((zone) => html`<option value=${zone} />`)}</datalist><//>`;
  if ((schema.maxLength ?? 0) > LONG && schema.format !== "uri") return html`<textarea class="field" rows="3" ...${common} maxlength=${schema.maxLength} required=${needed} value=${value ?? ""} onInput=${(e) => text(e.target.value)}></textarea>`;
  const colour = name === "colour" && /^#[0-9a-f]{6}$/i.test(value ?? "");
  return html`<input class="field" type=${colour ? "color" : schema.format === "uri" ? "url" : "text"} ...${common} maxlength=${schema.maxLength} required=${needed} value=${value ?? ""} onInput=${(e) => text(e.target.value)} />`;
}

// A secret is written and never read: one that is kept stays, whatever is typed and taken back, until it is told to go.
function SecretField({ name, kept, value, set, removable, common }) {
  const goes = kept && value === null;
  return html`<div class="row"><input class="field mono grow" type="password" autocomplete="off" ...${common} disabled=${goes} placeholder=${goes ? t("form.secret_goes") : kept ? t("form.secret_set") : ""} value=${value ?? ""} onInput=${(e) => set(e.target.value)} />${
    kept && removable && html`<${Btn} kind=${goes ? "sm" : "sm bare"} aria-label=${t(goes ? "form.secret_keep" : "form.secret_remove", { name: labelOf(name) })} onClick=${() => set(goes ? "" : null)}>${t(goes ? "contact.keep" : "do.remove")}<//>`}</div>`;
}

// A list, one in each line; the text is kept as it is typed, with the line that is just begun.
function LinesField({ list, read, set, common }) {
  const [text, keep] = useState(list instanceof Unread ? list.text : list.join("\n"));
  const say = (given) => {
    const found = given.split("\n").map((line) => line.trim()).filter(Boolean).map(read);
    keep(given);
    set(found.some(Number.isNaN) ? new Unread(given, t("form.no_numbers")) : found);
  };
  return html`<textarea class="field" rows=${Math.min(6, text.split("\n").length + 1)} ...${common} placeholder=${t("form.lines")} value=${text} onInput=${(e) => say(e.target.value)}></textarea>`;
}

// Anything else, as JSON.
function JsonField({ value, set, none = null, common }) {
  const [text, keep] = useState(value instanceof Unread ? value.text : value === undefined || value === null ? "" : JSON.stringify(value, null, 2));
  const read = (given) => {
    keep(given);
    if (!given.trim()) return set(none);
    try {
      set(JSON.parse(given));
    } catch (error) {
      set(new Unread(given, t("form.no_json", { why: error.message })));
    }
    return undefined;
  };
  return html`<textarea class="field mono" spellcheck="false" rows=${Math.min(16, Math.max(3, text.split("\n").length))} ...${common} value=${text} onInput=${(e) => read(e.target.value)}></textarea>`;
}
