// Bots, desks, subscriptions: who is called by webhook, and whether it answers.
import { post } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useState } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Icon, Page, Status } from "./parts.js";
import { href } from "./place.js";
import { may } from "./session.js";
import { t } from "./words.js";

export const title = () => t("nav.bots");
const KINDS = [["bots", "robot", "bot_id"], ["desks", "headset", "desk_id"], ["subscriptions", "webhook", "subscription_id"]];

export default function Bots({ service }) {
  return html`<${Page} title=${t("nav.bots")} lead=${t("bots.lead")}>${KINDS.map(([kind, icon, filter]) => html`<${Parties} kind=${kind} icon=${icon} filter=${filter} service=${service} />`)}<//>`;
}

function Parties({ kind, icon, filter, service }) {
  const list = useList(`v1/${kind}`, { service_id: service }, { every: 15_000 });
  return html`<${Card} title=${t(`bots.${kind}`)} flush=${true}><div class="tablewrap"><${Listed} list=${list} within=${true} empty=${{ icon, title: t(`bots.none_${kind}`), more: t(`bots.none_${kind}_more`) }}>
    <table class="list stack"><thead><tr><th>${t("col.name")}</th><th>${t("col.kind")}</th><th>${t("col.status")}</th><th>${t("col.address")}</th><th></th></tr></thead><tbody>
    ${list.data.map((one) => html`<${Party} key=${one.id} one=${one} kind=${kind} icon=${icon} filter=${filter} again=${list.again} />`)}</tbody></table><//></div><//>`;
}

function Party({ one, kind, icon, filter, again }) {
  const url = one.webhook_url ?? one.url, [busy, wait] = useState(false);
  const verify = deeds.trying(async () => {
    wait(true);
    try {
      await post(`v1/${kind}/${one.id}/verify`);
      deeds.say(t("done.verified", { name: one.name ?? one.id }));
    } finally {
      wait(false);
      again();
    }
  });
  return html`<tr><td><span class="row"><${Icon} n=${icon} /><b class="strong">${one.name ?? one.id}</b></span></td><td class="muted">${t(`kind.${one.kind ?? "webhook"}`)}</td><td><${Status} s=${one.status ?? "active"} /></td>
    <td class="muted clip address">${url ?? ""}</td><td><span class="row end">${(url || kind === "bots") && html`<a class="btn sm" href=${href("deliveries", "", { [filter]: one.id })}>${t("nav.deliveries")}</a>`}
    ${url && may("admin") && html`<${Btn} kind="sm" disabled=${busy} onClick=${verify}>${t("do.verify")}<//>`}</span></td></tr>`;
}
