// How a webhook fared over the last day, and when it failed before.
import { code } from "./attempts.js";
import { html } from "./html.js";
import { NUMBER, SHARE, sum } from "./numbers.js";
import { Card, Status } from "./parts.js";
import { Legend, Plot } from "./plot.js";
import { ms, span, stamp, took, whole } from "./time.js";
import { t } from "./words.js";


export function Day({ day }) {
  const attempts = sum(day.attempts), failed = sum(day.failed);
  const series = [{ label: t("fared.failed"), colour: "bad-fill", values: day.failed }, { label: t("fared.well"), colour: "ok-fill", values: day.attempts.map((n, i) => n - day.failed[i]) }];
  const fact = (label, value) => html`<div><dt class="small muted">${label}</dt><dd class="strong num">${value}</dd></div>`;
  return html`<${Card} title=${t("fared.day")} aside=${html`<${Legend} series=${series} />`}>${attempts ? html`
    <${Plot} times=${day.times} series=${series} stack=${true} format=${(value) => NUMBER.format(value)} says=${t("fared.says", { n: NUMBER.format(attempts), failed: NUMBER.format(failed) })} />
    <dl class="row wrap gap4 fared">${fact(t("col.attempts"), NUMBER.format(attempts))}${fact(t("fared.failed"), `${NUMBER.format(failed)} (${SHARE.format(failed / attempts)})`)}${day.duration.count ? html`${fact(t("figures.half"), took(day.duration.p50_ms))}${fact(t("figures.most"), took(day.duration.p95_ms))}` : ""}</dl>` : html`<p class="muted">${t("fared.none")}</p>`}<//>`;
}

export function Episodes({ episodes }) {
  return episodes.length > 0 && html`<${Card} title=${t("fared.before")} flush=${true}><div class="tablewrap"><table class="list stack"><thead><tr><th scope="col">${t("fared.from")}</th><th scope="col">${t("fared.for")}</th><th scope="col">${t("fared.came")}</th><th scope="col" class="r">${t("col.attempts")}</th><th scope="col">${t("fared.end")}</th></tr></thead><tbody>
    ${episodes.map((one) => html`<tr key=${one.from}><td class="num" title=${whole(one.from)}>${stamp(one.from)}</td><td class="num">${span((one.to ? ms(one.to) : Date.now()) - ms(one.from))}</td><td><code>${code({ error: one.code, status_code: one.status_code })}</code></td><td class="num r">${NUMBER.format(one.attempts)}</td><td>${one.to ? html`<${Status} s=${one.inactive ? "inactive" : "active"}>${t(`fared.ended.${one.inactive ? "verified" : "recovered"}`)}<//>` : html`<${Status} s="failing">${t("fared.goes_on")}<//>`}</td></tr>`)}</tbody></table></div><//>`;
}
