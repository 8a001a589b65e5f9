// First steps: what a service needs before somebody is answered, what of it is there, and a chat to try it in.
import { whole } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Card, Icon, Loading, Note, Page, Status } from "./parts.js";
import { go, href } from "./place.js";
import { may } from "./session.js";
import { setup } from "./setup.js";
import { useStore } from "./store.js";
import { t } from "./words.js";

export const title = () => t("nav.first");

export default function First({ service }) {
  const state = useStore(setup), [rules, set] = useState(null);
  useEffect(() => { whole("v1/rules", { service_id: service }).then(set, () => set([])); }, [service, state.version]);
  if (state.service !== service || rules === null) return html`<${Page} title=${t("nav.first")}><${Loading} /><//>`;
  const { channels, bots, desks } = state;
  const chat = channels.find((one) => one.kind === "webchat"), mine = desks.find((one) => one.kind === "console");
  const used = rules.some((rule) => rule.to !== "none");
  const steps = [
    { name: "channel", done: channels.length > 0, page: "channels", shows: channels },
    { name: "bot", done: bots.some((one) => one.status === "active"), page: "bots", shows: bots, optional: Boolean(mine) },
    { name: "desk", done: Boolean(mine), page: "desks", shows: desks },
    { name: "rule", done: used, page: "rules", shows: rules },
    { name: "try", done: false, ready: Boolean(chat && used), chat },
  ];
  const now = steps.findIndex((one) => !one.done && !one.optional);
  return html`<${Page} title=${t("nav.first")} lead=${t("first.lead")}><ol class="steps">${steps.map((step, n) => html`<${Step} key=${step.name} step=${step} n=${n} now=${n === now} />`)}</ol><//>`;
}

function Step({ step, n, now }) {
  const { name, done, page, shows } = step;
  return html`<li class=${`step ${done ? "done" : now ? "now" : "later"}`}><span class="n">${done ? html`<${Icon} n="check" />` : n + 1}<span class="unseen">${t(done ? "first.done" : "first.open")}</span></span>
    <${Card} title=${t(`first.${name}`)}><div class="col gap3"><p class="muted">${t(`first.${name}_more`)}</p>
      ${shows?.length > 0 && html`<ul class="row wrap">${shows.slice(0, 6).map((one) => html`<li><a class="btn sm" href=${href(page, one.id)}>${one.name ?? one.id}${one.status && html` <${Status} s=${one.status} />`}</a></li>`)}</ul>`}
      ${page && !done && may("admin") && html`<div class="row"><${Btn} kind=${now ? "main" : ""} icon="plus" onClick=${() => go(page, "new")}>${t(`new.${page}`)}<//></div>`}
      ${name === "try" && (step.ready ? html`<div class="row wrap"><a class="btn main" href=${step.chat.chat_url} target="_blank" rel="noopener"><${Icon} n="message-circle" />${t("first.chat")}<${Icon} n="external-link" /></a><a class="btn" href=${href("inbox")}><${Icon} n="inbox" />${t("nav.inbox")}</a></div>` : html`<${Note}>${t("first.not_yet")}<//>`)}</div><//></li>`;
}
