// How the webhook of a bot, desk or subscription fares: how close it is to being switched off, and what waits behind it.
import { get, post, query, unique } from "./api.js";
import { code, marks } from "./attempts.js";
import * as deeds from "./deeds.js";
import { Day, Episodes } from "./fared.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Card, Icon, Marks, Note, Owner, Reason, Trouble, channelIcon } from "./parts.js";
import { href } from "./place.js";
import { who } from "./row.js";
import { may } from "./session.js";
import { exact, ms, sameDay, span, stamp, took, useEvery, whole } from "./time.js";
import { t } from "./words.js";

const EVERY_MS = 10_000;
const when = (at) => (sameDay(at, Date.now()) ? exact(at) : `${stamp(at)} ${exact(at)}`);

export function Health({ page, id, name }) {
  const [state, set] = useState({ health: null, lanes: [], cursor: null, error: null });
  const read = async () => {
    try {
      const [health, lanes] = await Promise.all([get(`v1/${page}/${id}/health`), get(query(`v1/${page}/${id}/lanes`, { limit: 25 }))]);
      set({ health, lanes: lanes.data, cursor: lanes.next_cursor, error: null });
    } catch (error) {
      set((was) => ({ ...was, error }));
    }
  };
  useEffect(() => { read(); }, [id]);
  useEvery(EVERY_MS, read, [id]);
  const { health, lanes, error } = state;
  if (error && !health) return html`<${Trouble} error=${error} again=${read} />`;
  if (!health) return null;
  const tryOne = deeds.trying(async (lane) => {
    await post(`v1/deliveries/${encodeURIComponent(lane.delivery_id)}/try`, {}, { key: unique() });
    deeds.say(t("health.tried"));
    read();
  });
  const tryAll = deeds.trying(async () => {
    const { count } = await post(`v1/${page}/${id}/lanes:try`, {}, { key: unique() });
    deeds.say(t("health.tried_all", { n: count }));
    read();
  });
  const n = health.waiting.lanes;
  return html`${health.attempts_24h && html`<${Day} day=${health.attempts_24h} />`}<div class="grid g2 start">
    <${Card} title=${t("health.fuse")}><div class="col gap3"><div class="fuse" role="img" aria-label=${t("health.failed_of", { n: health.failures, limit: health.limit })}>${Array.from({ length: health.limit }, (_, at) => html`<i class=${at < health.failures || health.status === "inactive" ? "on" : ""}></i>`)}</div>
      <p class="mid">${health.status === "inactive" ? t("health.inactive", { name }) : health.failures ? t("health.failing", { n: health.failures, left: health.limit - health.failures }) : t("health.well")}</p></div><//>
    <${Card} title=${t("health.last")} flush=${true}>${health.last_failed.length ? html`<div class="tablewrap"><table class="list stack"><tbody>${health.last_failed.map((one) => html`<tr><td class="num muted" title=${whole(one.at)}>${when(one.at)}</td><td><code>${code(one)}</code></td><td class="num muted">${one.took_ms === null ? "" : took(one.took_ms)}</td><td>${one.conversation_id && html`<a href=${href("conversations", one.conversation_id)}>${t("health.conversation")}</a>`}</td></tr>`)}</tbody></table></div>` : html`<p class="pad muted row"><${Icon} n="circle-check" />${t("health.none_failed")}</p>`}<//></div>
  ${n > 0 && html`<${Card} flush=${true} title=${t("health.waiting")} aside=${html`<span class="small muted">${health.waiting.oldest_at ? t("health.lanes_since", { n, many: health.waiting.more ? `${n}+` : n, span: span(Date.now() - ms(health.waiting.oldest_at)) }) : t("health.lanes", { n, many: health.waiting.more ? `${n}+` : n })}</span>${may("admin") && html`<${Btn} kind="sm" icon="player-play" onClick=${tryAll}>${t("health.try_all")}<//>`}`}>
    <div class="tablewrap"><table class="list stack"><thead><tr><th>${t("col.person")}</th><th>${t("col.owner")}</th><th class="r">${t("col.waiting")}</th><th>${t("col.since")}</th><th>${t("col.attempts")}</th><th>${t("col.next")}</th><td></td></tr></thead><tbody>
    ${lanes.map((lane) => html`<tr key=${lane.lane}><td>${lane.conversation_id ? html`<a class="row strong" href=${href("conversations", lane.conversation_id)}><${Icon} n=${channelIcon(lane.channel_kind)} />${who(lane)}</a>` : html`<span class="muted">${who(lane)}</span>`}</td>
      <td>${lane.owner && html`<${Owner} o=${lane.owner}>${t(`author.${lane.owner}`)}<//>`}</td><td class="num r">${lane.waiting}</td><td class="num muted">${lane.since ? when(lane.since) : ""}</td><td><${Marks} of=${marks(lane.attempts, true)} /></td><td class="num muted">${lane.state === "under_way" ? t("tries.pending") : lane.next_attempt_at ? when(lane.next_attempt_at) : t("tries.held")}</td>
      <td><span class="row end">${may("agent") && lane.state === "waiting" && html`<${Btn} kind="sm" onClick=${() => tryOne(lane)}>${t("health.try")}<//>`}</span></td></tr>`)}</tbody></table></div><//>`}
  <${Episodes} episodes=${health.episodes ?? []} />
  ${error && html`<${Note} k="bad" icon="alert-triangle"><${Reason} error=${error} /><//>`}`;
}
