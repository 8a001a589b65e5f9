// A condition (JSONLogic) as a sentence; what has no words of ours is shown as it is written.
import { html } from "./html.js";
import { known, t } from "./words.js";

const COMPARE = ["==", "===", "!=", "!==", ">", ">=", "<", "<="];
const TEXT = ["in", "starts_with", "ends_with", "match"];
// A text that is compared in small letters is named as it is.
const variable = (node) => (node && typeof node === "object" && node.lower ? variable(listed(node.lower)[0]) : node && typeof node === "object" && typeof (node.var ?? node.val) === "string" ? node.var ?? node.val : null);
const plain = (node) => node === null || typeof node !== "object" || (Array.isArray(node) && node.every(plain));
const listed = (given) => (Array.isArray(given) ? given : [given]);

function word(node) {
  const name = variable(node);
  if (name) return html`<span class="tok">${known(`fact.of.${name}`) ? t(`fact.of.${name}`) : name}</span>`;
  if (plain(node)) return html`<span class="tok v">${Array.isArray(node) ? node.join(", ") : node === null ? t("logic.nothing") : String(node)}</span>`;
  return html`<code>${JSON.stringify(node)}</code>`;
}

export function sentence(node, inner = false) {
  if (!node || typeof node !== "object" || Array.isArray(node)) return word(node);
  const [operator, given] = Object.entries(node)[0] ?? [];
  const of = listed(given);
  if (operator === "and" || operator === "or") {
    const joined = of.map((one, n) => html`${n > 0 && ` ${t(`logic.${operator}`)} `}${sentence(one, true)}`);
    return inner ? html`(${joined})` : joined;
  }
  if (operator === "!") return html`${t("logic.not")} ${sentence(of[0], true)}`;
  if (of.length === 2 && COMPARE.includes(operator)) return html`${word(of[0])} ${t(`logic.${operator}`)} ${word(of[1])}`;
  // "in" asks whether a text has a part, or a list an item: what is looked in comes second.
  if (of.length === 2 && operator === "in") return variable(of[1]) ? html`${word(of[1])} ${t("logic.contains")} ${word(of[0])}` : html`${word(of[0])} ${t("logic.one_of")} ${word(of[1])}`;
  if (of.length === 2 && TEXT.includes(operator)) return html`${word(of[0])} ${t(`logic.${operator}`)} ${word(of[1])}`;
  return html`<code class="wrapall">${JSON.stringify(node)}</code>`;
}

// The clause of a rule that an explanation is about, and which of its arguments were read from the message: what is said in the
// rule itself need not be said twice. Null where the rule is another by now.
export function seen(rule, { pointer, operator }) {
  const steps = pointer.split("/").slice(1, -1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const clause = steps.reduce((node, step) => node?.[step], rule);
  if (!clause || !(operator in clause)) return null;
  return { clause, read: listed(clause[operator]).map((one) => variable(one) !== null) };
}
