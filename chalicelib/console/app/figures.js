// How everything fares over a day, a week or a month: figures, plots, and who they are of.
import { get, query } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { CHANGE, NUMBER, SHARE, sum } from "./numbers.js";
import { Card, Face, Icon, Loading, Status, Trouble, channelIcon } from "./parts.js";
import { href } from "./place.js";
import { Bars, Legend, Plot, Spark } from "./plot.js";
import { setup } from "./setup.js";
import { useStore } from "./store.js";
import { countdown, span, took, useEvery } from "./time.js";
import { t } from "./words.js";

const EVERY_MS = 30_000, HOUR = 3_600_000, MOST = 4;
export const PERIODS = { "24h": [24 * HOUR, "15m"], "7d": [7 * 24 * HOUR, "1h"], "30d": [30 * 24 * HOUR, "1d"] };
const COLOURS = ["accent-fill", "desk-fill", "bot-fill", "warn-fill", "none-fill"];
const added = (lists, n) => Array.from({ length: n }, (_, i) => sum(lists.map((values) => values[i])));
const seconds = (value) => (value < 60 ? span(value * 1000) : countdown(value * 1000));
const MINUTES = [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];

// The later half of what was asked for is shown, the earlier half is what it is compared with.
export function useFigures(service, period) {
  const [state, set] = useState({ figures: null, before: null, error: null, period });
  const [length, step] = PERIODS[period], round = useRef(0);
  const read = async () => {
    const mine = (round.current += 1);
    const to = Date.now(), ask = (from, upto) => get(query("v1/figures", { service_id: service, from: new Date(from).toISOString(), to: new Date(upto).toISOString(), step }));
    try {
      const [figures, before] = await Promise.all([ask(to - length, to), ask(to - 2 * length, to - length)]);
      if (mine === round.current) set({ figures, before, error: null, period });
    } catch (error) {
      if (mine === round.current) set((was) => ({ ...was, figures: was.period === period ? was.figures : null, error, period }));
    }
  };
  useEffect(() => { read(); }, [service, period]);
  useEvery(EVERY_MS, read, [service, period]);
  return { ...state, figures: state.period === period ? state.figures : null, again: read };
}

const messages = (figures) => added(figures.channels.flatMap((one) => [one.received, one.sent]), figures.times.length);
const ofBots = (figures, name) => added(figures.bots.map((one) => one[name]), figures.times.length);
const share = (part, whole) => (whole ? part / whole : null);

export function Tile({ label, value, unit, more, spark, bad, at }) {
  return html`<${at ? "a" : "div"} class="tile" href=${at}><span class="label">${label}</span><span class=${`v ${bad ? "c-bad" : ""}`}>${value}${unit && html`<small>${unit}</small>`}</span><span class="small muted">${more}</span>${spark && html`<${Spark} of=${spark} bad=${bad} />`}<//>`;
}

export function Tiles({ figures, before }) {
  const all = messages(figures), n = sum(all), was = sum(messages(before));
  const { conversations, first_reply: reply, first_replies: replies } = figures;
  const opened = sum(conversations.opened), handed = sum(conversations.handed_over);
  const attempts = sum(ofBots(figures, "attempts")), failed = sum(ofBots(figures, "failed"));
  const earlier = share(sum(ofBots(before, "failed")), sum(ofBots(before, "attempts")));
  const failing = share(failed, attempts);
  return html`
    <${Tile} label=${t("figures.messages")} value=${NUMBER.format(n)} unit=${was ? CHANGE.format(n / was - 1) : ""} more=${t("figures.both")} spark=${all} />
    <${Tile} label=${t("figures.first_reply")} value=${reply.count ? seconds(reply.p50_s) : "–"} more=${reply.count ? t("figures.within", { span: seconds(reply.p95_s) }) : t("figures.by_people")} spark=${reply.count ? replies.p50_s : null} />
    <${Tile} label=${t("figures.handed")} value=${opened ? SHARE.format(Math.min(1, handed / opened)) : "–"} more=${t("figures.handed_of", { n: NUMBER.format(handed), of: NUMBER.format(opened) })} spark=${conversations.handed_over} />
    <${Tile} label=${t("figures.failed")} value=${failing === null ? "–" : SHARE.format(failing)} more=${earlier === null ? t("figures.of_attempts", { n: NUMBER.format(attempts) }) : t("figures.earlier", { share: SHARE.format(earlier) })} spark=${ofBots(figures, "failed")} bad=${failing > 0.01} />`;
}

// The busiest channels by themselves, the others together.
function byChannel(figures, name) {
  const each = figures.channels.map((one) => ({ label: name(one.id), values: added([one.received, one.sent], figures.times.length) })).sort((a, b) => sum(b.values) - sum(a.values)).filter((one) => sum(one.values));
  const rest = each.slice(MOST);
  return [...each.slice(0, MOST), ...(rest.length ? [{ label: t("figures.other"), values: added(rest.map(({ values }) => values), figures.times.length) }] : [])].map((one, i) => ({ ...one, colour: COLOURS[i] }));
}

export function Plots({ figures, period, name }) {
  const channels = byChannel(figures, name), replies = figures.first_replies;
  const lines = [{ label: t("figures.half"), colour: "desk-fill", values: replies.p50_s, fill: true }, { label: t("figures.most"), colour: "warn-fill", values: replies.p95_s }];
  const n = sum(channels.flatMap(({ values }) => values));
  return html`<div class="grid g21 start">
    <${Card} title=${t(`figures.per.${PERIODS[period][1]}`)} aside=${html`<${Legend} series=${channels} />`}>${channels.length ? html`<${Plot} times=${figures.times} series=${channels} stack=${true} format=${(value) => NUMBER.format(value)} says=${t(`figures.says.${period}`, { messages: NUMBER.format(n), channel: channels[0].label, share: SHARE.format(sum(channels[0].values) / n) })} />` : html`<p class="muted">${t("figures.none")}</p>`}<//>
    <${Card} title=${t("figures.first_replies")} aside=${html`<${Legend} series=${lines} />`}>${figures.first_reply.count ? html`<${Plot} times=${figures.times} series=${lines} format=${seconds} grid=${MINUTES} says=${t("figures.says_reply", { half: seconds(figures.first_reply.p50_s), most: seconds(figures.first_reply.p95_s) })} />` : html`<p class="muted">${t("figures.no_reply")}</p>`}<//></div>`;
}

const well = (failed, all, what) => all > 0 && html`<${Bars} of=${[["ok", 1 - failed / all], ["bad", failed / all]]} label=${t(what, { share: SHARE.format(1 - failed / all) })} />`;

export function Parties({ figures, bots, desks, channels }) {
  const of = (rows, id) => rows.find((one) => one.id === id);
  const rows = [...bots.map((one) => ["bots", one, of(figures.bots, one.id)]), ...desks.map((one) => ["desks", one, of(figures.desks, one.id)])];
  return html`<div class="grid g2 start"><${Card} title=${t("figures.bots_desks")} flush=${true}><div class="tablewrap" tabindex="0" role="group" aria-label=${t("figures.bots_desks")}><table class="list"><thead><tr><th scope="col">${t("col.name")}</th><th scope="col">${t("col.status")}</th><th scope="col" class="r">${t("figures.chats")}</th><th scope="col" class="r wide">${t("figures.p95")}</th><th scope="col">${t("col.attempts")}</th></tr></thead><tbody>
    ${rows.map(([page, one, told]) => { const bot = page === "bots", n = sum(told?.attempts ?? []); return html`<tr key=${one.id}><td><a class="row strong" href=${href(page, one.id)}><${Face} name=${one.name} k=${`sm ${bot ? "bot" : "desk"}`} />${one.name ?? one.id}</a></td><td>${one.status && html`<${Status} s=${one.status} />`}</td><td class="num r">${bot ? "" : NUMBER.format(sum(told?.opened ?? []))}</td>
      <td class="num r wide">${bot ? told?.duration?.count ? took(told.duration.p95_ms) : "" : told?.first_reply?.count ? seconds(told.first_reply.p95_s) : ""}</td><td>${bot && well(sum(told?.failed ?? []), n, "figures.well")}</td></tr>`; })}</tbody></table></div><//>
    <${Card} title=${t("nav.channels")} flush=${true}><div class="tablewrap" tabindex="0" role="group" aria-label=${t("nav.channels")}><table class="list"><thead><tr><th scope="col">${t("col.name")}</th><th scope="col" class="r">${t("figures.in")}</th><th scope="col" class="r">${t("figures.out")}</th><th scope="col">${t("figures.sent_well")}</th></tr></thead><tbody>
    ${channels.map((one) => { const told = of(figures.channels, one.id), out = sum(told?.sent ?? []), failed = sum(told?.failed ?? []); return html`<tr key=${one.id}><td><a class="row strong" href=${href("channels", one.id)}><${Icon} n=${channelIcon(one.kind)} c="muted" />${one.name ?? one.id}</a></td><td class="num r">${NUMBER.format(sum(told?.received ?? []))}</td><td class="num r">${NUMBER.format(out)}</td><td>${well(failed, out, "figures.sent_share")}</td></tr>`; })}</tbody></table></div><//></div>`;
}

export default function Figures({ service, period, first }) {
  const { figures, before, error, again } = useFigures(service, period), { bots, desks, channels, byId } = useStore(setup);
  const name = (id) => byId.get(id)?.name ?? id;
  if (error && !figures) return html`<div class="tiles">${first}</div><${Trouble} error=${error} again=${again} />`;
  if (!figures) return html`<div class="tiles">${first}</div><${Loading} />`;
  return html`${error && html`<${Trouble} error=${error} again=${again} />`}
    <div class="tiles">${first}<${Tiles} figures=${figures} before=${before} /></div>
    <${Plots} figures=${figures} period=${period} name=${name} /><${Parties} figures=${figures} bots=${bots} desks=${desks} channels=${channels} />`;
}
