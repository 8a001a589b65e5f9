// One rule in words: whom it is for, and when; and what of it the API is told.
import { html } from "./html.js";
import { Chip } from "./parts.js";
import { sentence } from "./sentence.js";
import { named } from "./setup.js";
import { parts, t } from "./words.js";

export const always = (rule) => (rule.when ?? true) === true && !(rule.channel_ids ?? []).length;
export const inOrder = (rules) => [...rules].sort((one, other) => one.position - other.position || (one.id < other.id ? -1 : 1));

// The rules with a new one among them: last, but before one that holds always.
export function placed(rules, one) {
  const at = always(one) ? -1 : rules.findIndex(always);
  return at < 0 ? [...rules, one] : [...rules.slice(0, at), one, ...rules.slice(at)];
}

export function To({ rule }) {
  return html`${rule.to.includes("bot") && html`<${Chip} k="bot" icon="robot">${named(rule.bot_id) || t("author.bot")}<//>`}
    ${rule.to.includes("desk") && (rule.to === "desk" ? html`<${Chip} k="desk" icon="headset">${named(rule.desk_id) || t("author.desk")}<//>` : html`<span class="mid muted">${rule.on_bot_failure === "wait" ? t("rules.behind", { desk: named(rule.desk_id) }) : t("rules.then", { desk: named(rule.desk_id), n: rule.bot_patience_s ?? 60 })}</span>`)}
    ${rule.to === "none" && html`<${Chip} icon="user-question">${t("value.none")}<//>`}`;
}

export function When({ rule }) {
  const on = (rule.channel_ids ?? []).map((id) => named(id) || id);
  const said = [on.length > 0 && parts("rules.on", { channels: on.map((name) => html`<span class="tok v">${name}</span> `) }), rule.when !== undefined && rule.when !== null && rule.when !== true && sentence(rule.when)].filter(Boolean);
  return said.length ? said.map((one, n) => html`${n > 0 && ` ${t("logic.and")} `}${one}`) : t("rules.always");
}

// A routing of an answer, as whom a message goes to.
export const Routed = ({ one }) => (one.name === null ? html`<${Chip} k="warn" icon="user-question">${t("value.none")}<//>` : html`<span class="row gap1 wrap"><b class="strong">${one.name}</b><${To} rule=${{ ...one, on_bot_failure: "wait" }} /></span>`);

const TOLD = ["id", "name", "channel_ids", "when", "to", "bot_id", "desk_id", "bot_patience_s", "on_bot_failure", "transformers"];
export const told = (rule, position) => Object.fromEntries([...TOLD.filter((name) => rule[name] !== undefined && rule[name] !== null && rule[name] !== "").map((name) => [name, rule[name]]), ...(position ? [["position", position]] : [])]);
