// What had to reach one party outside, with every attempt.
import { marks } from "./attempts.js";
import * as deeds from "./deeds.js";
import { Fragment, html, useState } from "./html.js";
import { TOLD, fieldOf, kindOf, pageOf } from "./kinds.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Marks, Page, Seg, Status } from "./parts.js";
import { go } from "./place.js";
import { Replay, Replays } from "./replay.js";
import { may } from "./session.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { whole } from "./time.js";
import { Attempts } from "./tries.js";
import { t } from "./words.js";

export const title = () => t("nav.deliveries");
const TROUBLE = ["failed", "waiting", "expired", "poison", "unknown"];
const STATUSES = ["", ...TROUBLE, "delivered"];

export default function Deliveries({ filter, service }) {
  const known = useStore(setup), [again, replay] = useState(false), [begun, began] = useState("");
  const parties = TOLD.map((kind) => [fieldOf(kind), known[pageOf(kind)].filter((one) => kind !== "desk" || one.kind === "webhook")]);
  // Of the whole service only what did not arrive is kept together; everything there is, destination by destination.
  const given = TOLD.map(fieldOf).find((name) => filter.get(name)) ?? "service_id";
  const every = given === "service_id";
  const id = every ? service : filter.get(given);
  const asked = filter.get("status") ?? "";
  const status = every && !TROUBLE.includes(asked) ? TROUBLE[0] : asked;
  const to = (value, next = status) => {
    const [name, chosen] = value.split("=");
    go("deliveries", "", { ...(name === "service_id" ? {} : { [name]: chosen }), ...(next ? { status: next } : {}) });
  };
  const replays = may("admin") && !every && kindOf(id) !== "trigger";
  return html`<${Page} title=${t("nav.deliveries")} lead=${t("deliveries.lead")} actions=${replays && html`<${Btn} icon="rotate-clockwise" onClick=${() => replay(true)}>${t("replay.do")}<//>`}>
    <${Replays} of=${every ? { service_id: service } : { destination_id: id }} begun=${begun} />
    ${again && html`<${Replay} id=${id} name=${named(id)} close=${() => replay(false)} done=${(job) => { replay(false); began(job.id); }} />`}
    <div class="row wrap filters"><label class="row gap1"><span class="label">${t("deliveries.to")}</span><select class="field" value=${`${given}=${id}`} onChange=${(e) => to(e.target.value)}>
      <option value=${`service_id=${service}`}>${t("deliveries.everybody")}</option>
      ${parties.map(([name, found]) => found.length > 0 && html`<optgroup label=${t(`deliveries.${name}`)}>${found.map((one) => html`<option value=${`${name}=${one.id}`}>${one.name ?? one.id}</option>`)}</optgroup>`)}</select></label>
      <${Seg} of=${every ? TROUBLE : STATUSES} value=${status} set=${(next) => to(`${given}=${id}`, next)} label=${t("col.status")} says=${(one) => t(one ? `status.${one}` : "deliveries.any")} /></div>
    <${Rows} key=${`${id} ${status}`} given=${{ [given]: id, status }} /><//>`;
}

function Rows({ given }) {
  const list = useList("v1/deliveries", given, { every: 10_000 }), [open, set] = useState("");
  return html`<${Listed} list=${list} empty=${given.status ? { icon: "filter", title: t("deliveries.none_such", { status: t(`status.${given.status}`) }), more: t(given.service_id ? "deliveries.none_such_every" : "deliveries.none_such_more") } : { icon: "truck-delivery", title: t("deliveries.none"), more: t("deliveries.none_more") }}>
    <${Card} flush=${true}><div class="tablewrap"><table class="list stack"><thead><tr><th>${t("col.at")}</th><th>${t("col.what")}</th><th>${t("col.attempts")}</th><th>${t("col.status")}</th><td></td></tr></thead><tbody>
    ${list.data.map((one) => html`<${Fragment} key=${one.id}><tr class=${open === one.id ? "open" : ""}><td class="num muted" title=${whole(one.created_at)}>${whole(one.created_at)}</td>
      <td>${one.event ?? t(`notice.${one.kind}`)}${one.replay_of && ` · ${t("tries.replay")}`} <span class="muted small">${named(one.destination_id)}</span></td>
      <td><${Marks} of=${marks(one.attempts, one.next_attempt_at)} /></td><td><${Status} s=${one.status} /></td>
      <td><span class="row end"><${Btn} kind="sm" aria-expanded=${String(open === one.id)} onClick=${() => set(open === one.id ? "" : one.id)}>${t("deliveries.attempts")}<//>
        ${one.conversation_id && html`<${Btn} kind="sm bare icon" icon="message-circle" label=${t("deliveries.conversation")} onClick=${() => go("conversations", one.conversation_id)} />`}
        ${may("agent") && !["pending", "waiting"].includes(one.status) && html`<${Btn} kind="sm bare icon" icon="rotate-clockwise" label=${t("tries.again")} onClick=${async () => { await deeds.replay(one.id); list.again(); }} />`}</span></td></tr>
      ${open === one.id && html`<tr class="sub"><td colspan="5"><${Attempts} of=${one.attempts} /></td></tr>`}<//>`)}
    </tbody></table></div><//><//>`;
}
