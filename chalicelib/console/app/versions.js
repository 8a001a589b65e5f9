// Versions of the rules: what was changed, by whom and when, in words; and back to one of them.
import { get, post, query } from "./api.js";
import * as deeds from "./deeds.js";
import { labelOf } from "./form.js";
import { html, useEffect, useState } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Chip, Dialog, Icon, Loading, Page, Trouble } from "./parts.js";
import { go, href } from "./place.js";
import { To, When } from "./rule.js";
import { may, session } from "./session.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { whole } from "./time.js";
import { parts, t } from "./words.js";

const ICON = { created: "plus", updated: "note", deleted: "x" };
const who = (id) => (id === session.get().me.id ? t("you") : named(id) || t("versions.somebody"));

export function Versions({ service }) {
  const list = useList("v1/rules/versions", { service_id: service }), [asked, ask] = useState(null);
  useStore(setup);
  return html`<${Page} title=${t("versions.title")} lead=${t("versions.lead")} crumb=${html`<a href=${href("rules")}>${t("nav.rules")}</a>`}>
    <${Listed} list=${list} empty=${{ icon: "history", title: t("versions.none"), more: t("versions.none_more") }}><ol class="col gap3 versions">${list.data.map((one, n) => html`<li key=${one.version}><${Card}
        title=${html`<span class="row wrap"><span class="num">${whole(one.at)}</span><span class="muted">${who(one.actor)}</span>${n === 0 && html`<${Chip} k="ok" icon="check">${t("versions.stands")}<//>`}</span>`}
        aside=${n > 0 && may("admin") && html`<${Btn} kind="sm" icon="rotate-clockwise" onClick=${() => ask(one)}>${t("versions.restore")}<//>`}>
        <ul class="col gap1">${one.changes.map((change) => html`<li class="row top" key=${change.id}><${Icon} n=${ICON[change.change]} c="muted" /><span class="col gap1 grow"><${Told} change=${change} /></span></li>`)}</ul><//></li>`)}</ol><//>
    ${asked && html`<${Restore} service=${service} version=${asked} close=${() => ask(null)} done=${() => { ask(null); list.again(); }} />`}<//>`;
}

// What a change did, a line for each thing that is different.
function Told({ change: { change, name, before, after } }) {
  const bold = html`<b class="strong">${name}</b>`;
  if (change !== "updated") return html`<span class="row wrap">${parts(`versions.${change}`, { name: bold })} <${To} rule=${after ?? before} /></span><span class="small muted when"><${When} rule=${after ?? before} /></span>`;
  const differs = (field) => JSON.stringify(before[field] ?? null) !== JSON.stringify(after[field] ?? null);
  const lines = [];
  if (differs("name")) lines.push(parts("versions.renamed", { before: before.name, name: bold }));
  if (differs("position")) lines.push(parts(after.position < before.position ? "versions.up" : "versions.down", { name: bold, before: before.position, after: after.position }));
  if (["to", "bot_id", "desk_id", "on_bot_failure", "bot_patience_s"].some(differs)) lines.push(html`<span class="row wrap">${parts("versions.goes", { name: bold })} <${To} rule=${after} /> <span class="muted">${t("versions.instead")}</span> <${To} rule=${before} /></span>`);
  if (differs("when") || differs("channel_ids")) lines.push(html`<span>${parts("versions.when", { name: bold })} <${When} rule=${after} /> <span class="muted">${t("versions.instead")}</span> <${When} rule=${before} /></span>`);
  const known = ["name", "position", "to", "bot_id", "desk_id", "on_bot_failure", "bot_patience_s", "when", "channel_ids"];
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) if (!known.includes(field) && differs(field)) lines.push(parts("versions.field", { name: bold, field: labelOf(field) }));
  return lines.map((line) => html`<span>${line}</span>`);
}

function Restore({ service, version, close, done }) {
  const [then, set] = useState(null), [wrong, say] = useState(null), [busy, wait] = useState(false);
  useEffect(() => { get(query(`v1/rules/versions/${version.version}`, { service_id: service })).then(set, say); }, []);
  const restore = async () => {
    wait(true);
    try {
      await post("v1/rules:restore", { service_id: service, version: version.version });
      deeds.say(t("versions.restored"));
      done();
      go("rules");
    } catch (error) {
      say(error);
    } finally {
      wait(false);
    }
  };
  return html`<${Dialog} title=${t("versions.ask", { at: whole(version.at) })} kind="wide2" close=${close}><div class="col gap3">
    <p class="mid">${t("versions.ask_more")}</p>
    ${wrong && html`<${Trouble} error=${wrong} />`}${wrong?.errors.length > 0 && html`<ul class="small">${wrong.errors.map((one) => html`<li>${one.message}</li>`)}</ul>`}
    ${then ? html`<ol class="differ">${then.rules.map((rule, n) => html`<li key=${rule.id}><span class="row wrap"><span class="pos num muted">${n + 1}</span><b class="strong">${rule.name}</b><${Icon} n="arrow-right" c="muted" /><${To} rule=${rule} /></span><span class="small muted when"><${When} rule=${rule} /></span></li>`)}${!then.rules.length && html`<li class="muted">${t("rules.nobody")}</li>`}</ol>` : !wrong && html`<${Loading} rows=${2} />`}
    <div class="row"><${Btn} kind="main grow" data-first="" disabled=${busy || !then} onClick=${restore}>${t("versions.do")}<//><${Btn} onClick=${close}>${t("do.cancel")}<//></div></div><//>`;
}
