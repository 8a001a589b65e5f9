// What needs somebody, and how everything fares.
import { get, query } from "./api.js";
import Figures, { PERIODS, Tile } from "./figures.js";
import { html, useEffect, useState } from "./html.js";
import { fieldOf, kindIcon, kindOf, pageOf } from "./kinds.js";
import { Card, Icon, Loading, Page, Seg, Trouble } from "./parts.js";
import { go, href } from "./place.js";
import { listed, rows } from "./rows.js";
import { useStore } from "./store.js";
import { ms, span, useEvery, useNow } from "./time.js";
import { t } from "./words.js";

export const title = () => t("nav.overview");
const EVERY_MS = 10_000;
// Of a webhook the last word of a need says how bad it is, and its first whose.
const BAD = ["inactive", "overdue", "poison", "failed", "unknown", "failures"];
const ICON = { overdue: "clock", deliveries_poison: "flag", deliveries_failed: "truck-delivery", deliveries_unknown: "help", deliveries_waiting: "truck-delivery", failures: "alert-triangle" };
const toneOf = (need) => (BAD.includes(need.kind.split("_").at(-1)) ? "bad" : "warn");
const iconOf = (need) => ICON[need.kind] ?? kindIcon(need.kind.split("_")[0]);

function leads(need) {
  const kind = kindOf(need.id);
  if (need.kind.startsWith("deliveries")) return href("deliveries", "", { ...(kind ? { [fieldOf(kind)]: need.id } : {}), status: need.kind.slice(11) });
  if (need.kind === "failures") return href("failures");
  return kind ? href(pageOf(kind), need.id) : href("inbox");
}

export default function Overview({ service, filter }) {
  const [state, set] = useState({ needs: null, error: null }), inbox = useStore(rows), now = useNow(10_000);
  const period = filter.get("period") in PERIODS ? filter.get("period") : "24h";
  const read = () => get(query("v1/attention", { service_id: service })).then((answer) => set({ needs: answer.data, error: null }), (error) => set((was) => ({ ...was, error })));
  useEffect(() => { read(); }, [service]);
  useEvery(EVERY_MS, read, [service]);
  const queue = listed(inbox, "queue"), mine = listed(inbox, "mine");
  const oldest = queue[0], over = [...queue, ...mine].filter((row) => row.due_at && ms(row.due_at) < now).length;
  const period_of = html`<${Seg} label=${t("figures.period")} of=${Object.keys(PERIODS)} value=${period} says=${(one) => t(`figures.period.${one}`)} set=${(one) => go("overview", "", one === "24h" ? null : { period: one })} />`;
  return html`<${Page} title=${t("nav.overview")} lead=${t("overview.lead")} actions=${period_of}>
    ${state.error && html`<${Trouble} error=${state.error} again=${read} />`}
    <${Card} title=${t("overview.needs")} flush=${true}>${state.needs === null && !state.error ? html`<${Loading} />` : state.needs?.length ? html`<ul class="attn">${state.needs.map((need) => html`<li key=${need.kind + need.id}><span class=${`ic ${toneOf(need)}`}><${Icon} n=${iconOf(need)} /></span>
      <span class="grow"><b class="strong">${t(`need.${need.kind}${need.kind.startsWith("deliveries") && need.name ? "_to" : ""}`, { name: need.name ?? "", n: need.count ?? 0 })}</b>${need.since && html`<br /><span class="small muted">${t("overview.since", { span: span(now - ms(need.since)) })}</span>`}</span><a class="btn sm" href=${leads(need)}>${t("overview.look")}</a></li>`)}</ul>` : state.needs && html`<p class="pad muted row"><${Icon} n="circle-check" />${t("overview.well")}</p>`}<//>
    <${Figures} service=${service} period=${period} first=${[
      html`<${Tile} label=${t("overview.queue")} value=${`${queue.length}${inbox.more.queue ? "+" : ""}`} at=${href("inbox")} more=${oldest ? t("overview.oldest", { span: span(now - ms(oldest.waiting_since ?? oldest.opened_at)) }) : t("overview.queue_none")} />`,
      html`<${Tile} label=${t("overview.over")} value=${over} at=${href("inbox")} more=${over ? t("overview.over_more") : t("overview.over_none")} bad=${over > 0} />`,
    ]} /><//>`;
}
