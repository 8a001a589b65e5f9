// What our own code could not do, for replay.
import { post, unique } from "./api.js";
import * as deeds from "./deeds.js";
import { html } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Page } from "./parts.js";
import { whole } from "./time.js";
import { t } from "./words.js";

export const title = () => t("nav.failures");

export default function Failures() {
  const list = useList("v1/failures", {}, { every: 15_000 });
  const again = deeds.trying(async (one) => {
    await post(`v1/failures/${encodeURIComponent(one.id)}/replay`, {}, { key: unique() });
    deeds.say(t("done.requeued"));
    list.again();
  });
  return html`<${Page} title=${t("nav.failures")} lead=${t("failures.lead")}><${Listed} list=${list} empty=${{ icon: "circle-check", title: t("failures.none"), more: t("failures.none_more") }}>
    <${Card} flush=${true}><div class="tablewrap"><table class="list stack"><thead><tr><th>${t("col.at")}</th><th>${t("col.step")}</th><th>${t("col.about")}</th><td></td></tr></thead><tbody>
    ${list.data.map((one) => html`<tr key=${one.id}><td class="num muted">${whole(one.at)}</td><td><b class="strong">${one.step}</b> <span class="muted small">${one.queue}</span></td><td><code>${one.thread_id ?? one.lane ?? ""}</code></td>
      <td>${one.replayed_at ? html`<span class="muted small">${t("failures.replayed", { at: whole(one.replayed_at) })}</span>` : html`<${Btn} kind="sm" icon="rotate-clockwise" onClick=${() => again(one)}>${t("do.replay")}<//>`}</td></tr>`)}</tbody></table></div><//><//><//>`;
}
