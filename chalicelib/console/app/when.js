// When a rule holds, put together from its parts; what they cannot say is written as JSONLogic.
import { html, useState } from "./html.js";
import { Btn } from "./parts.js";
import { known, t } from "./words.js";

const TEXT = ["contains", "contains_not", "is", "is_not"], EXACT = ["is", "is_not"], NUMBER = ["less", "least", "is", "is_not"];
// Fact -> what may be asked of it, and as what it is written.
const FACTS = {
  "message.text": { ops: TEXT, kind: "text" }, "message.postback": { ops: EXACT, kind: "text" }, "message.type": { ops: EXACT, kind: "text" }, "message.event": { ops: EXACT, kind: "text" },
  "contact.tags": { ops: ["contains", "contains_not"], kind: "item" }, "contact.name": { ops: TEXT, kind: "text" }, "contact.email": { ops: TEXT, kind: "text" }, "contact.phone": { ops: TEXT, kind: "text" },
  "channel.kind": { ops: EXACT, kind: "text" }, "now.hour": { ops: NUMBER, kind: "number" }, "now.weekday": { ops: NUMBER, kind: "number" },
  "thread.first": { ops: ["is"], kind: "flag" }, "event.type": { ops: ["is"], kind: "text" },
};
const COMPARED = { is: "==", is_not: "!=", less: "<", least: ">=" };
const read = (node) => (typeof node?.var === "string" ? [node.var, false] : typeof node?.lower?.[0]?.var === "string" && node.lower.length === 1 ? [node.lower[0].var, true] : [null, false]);
const fits = (fact, value) => typeof value === { text: "string", item: "string", number: "number", flag: "boolean" }[FACTS[fact]?.kind];

function rowOf(node) {
  const [operator, given] = Object.entries(node ?? {})[0] ?? [];
  if (operator === "!" && !Array.isArray(given)) {
    const row = rowOf(given);
    return row?.op === "contains" ? { ...row, op: "contains_not" } : null;
  }
  if (!Array.isArray(given) || given.length !== 2) return null;
  if (operator === "in") {
    const [fact, lower] = read(given[1]);
    // A text that is looked for in any case is written so; another is left as its author wrote it.
    return FACTS[fact]?.ops.includes("contains") && fits(fact, given[0]) && (FACTS[fact].kind === "item" || lower) ? { fact, op: "contains", value: given[0] } : null;
  }
  const op = Object.keys(COMPARED).find((name) => COMPARED[name] === operator), [fact, lower] = read(given[0]);
  return op && !lower && FACTS[fact]?.ops.includes(op) && fits(fact, given[1]) ? { fact, op, value: given[1] } : null;
}

// {join, rows} of a condition; null where it says what has no parts here.
export function partsOf(when) {
  if (when === null || when === undefined || when === true || (typeof when === "object" && !Object.keys(when).length)) return { join: "and", rows: [] };
  const [operator, given] = Object.entries(when)[0] ?? [];
  const joined = ["and", "or"].includes(operator) && Array.isArray(given) && given.length > 0;
  const rows = (joined ? given : [when]).map(rowOf);
  return rows.every(Boolean) ? { join: joined ? operator : "and", rows } : null;
}

function nodeOf({ fact, op, value }) {
  const of = { var: fact };
  if (!op.startsWith("contains")) return { [COMPARED[op]]: [of, value] };
  const within = FACTS[fact].kind === "item" ? { in: [value, of] } : { in: [value.toLowerCase(), { lower: [of] }] };
  return op === "contains" ? within : { "!": within };
}

export const conditionOf = ({ join, rows }) => (!rows.length ? null : rows.length === 1 ? nodeOf(rows[0]) : { [join]: rows.map(nodeOf) });

const blank = (fact) => ({ fact, op: FACTS[fact].ops[0], value: { number: 0, flag: true }[FACTS[fact].kind] ?? (fact === "event.type" ? "conversation.closed" : "") });
const factName = (fact) => (known(`fact.of.${fact}`) ? t(`fact.of.${fact}`) : fact);

export function WhenField({ value, set, common, Json }) {
  const [written, write] = useState(() => partsOf(value) === null), found = partsOf(value);
  // An empty text is being written: what it stands for is kept here, as no condition says nothing.
  const [draft, keep] = useState(() => found ?? { join: "and", rows: [] });
  const say = (next) => { keep(next); set(conditionOf(next)); };
  const row = (n, more) => say({ ...draft, rows: draft.rows.map((one, at) => (at === n ? { ...one, ...more } : one)) });
  if (written) return html`<div class="col gap1"><${Json} value=${value} set=${set} common=${common} />${found && html`<div class="row"><${Btn} kind="sm" onClick=${() => { keep(found); write(false); }}>${t("when.by_parts")}<//></div>`}</div>`;
  const { join, rows } = draft;
  return html`<fieldset class="inner" ...${common} aria-label=${t("when.title")}>
    ${!rows.length && html`<p class="mid">${t("when.always")}</p>`}
    ${rows.length > 1 && html`<label class="row mid"><span>${t("when.join")}</span><select class="field join" value=${join} onChange=${(e) => say({ ...draft, join: e.target.value })}><option value="and">${t("when.all")}</option><option value="or">${t("when.any")}</option></select></label>`}
    ${rows.map((one, n) => html`<div class="clause" key=${n} role="group" aria-label=${t("when.nth", { n: n + 1 })}>
      <select class="field" aria-label=${t("when.fact")} value=${one.fact} onChange=${(e) => row(n, blank(e.target.value))}>${Object.keys(FACTS).map((fact) => html`<option value=${fact}>${factName(fact)}</option>`)}</select>
      <select class="field" aria-label=${t("when.op")} value=${one.op} onChange=${(e) => row(n, { op: e.target.value })}>${FACTS[one.fact].ops.map((op) => html`<option value=${op}>${t(`when.${op}`)}</option>`)}</select>
      <${Value} one=${one} set=${(given) => row(n, { value: given })} />
      <${Btn} kind="bare sm icon" icon="x" label=${t("when.remove", { n: n + 1 })} onClick=${() => say({ ...draft, rows: rows.filter((_, at) => at !== n) })} /></div>`)}
    <div class="row wrap"><${Btn} kind="sm" icon="plus" onClick=${() => say({ ...draft, rows: [...rows, blank("message.text")] })}>${t("when.add")}<//><${Btn} kind="sm bare push" onClick=${() => write(true)}>${t("when.as_json")}<//></div></fieldset>`;
}

function Value({ one, set }) {
  const { kind } = FACTS[one.fact];
  if (kind === "flag") return html`<select class="field" aria-label=${t("when.value")} value=${String(one.value)} onChange=${(e) => set(e.target.value === "true")}><option value="true">${t("when.yes")}</option><option value="false">${t("when.no")}</option></select>`;
  if (kind === "number") return html`<input class="field" type="number" aria-label=${t("when.value")} min="0" value=${one.value} onInput=${(e) => set(Number(e.target.value))} />`;
  return html`<input class="field" aria-label=${t("when.value")} required value=${one.value} onInput=${(e) => set(e.target.value)} />`;
}
