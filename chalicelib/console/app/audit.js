// Who changed what.
import { html, useState } from "./html.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Page } from "./parts.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { whole } from "./time.js";
import { t } from "./words.js";

export const title = () => t("nav.audit");

export default function Audit({ service }) {
  const list = useList("v1/audit", { service_id: service }), [open, show] = useState("");
  useStore(setup);
  return html`<${Page} title=${t("nav.audit")} lead=${t("lead.audit")}><${Listed} list=${list} empty=${{ icon: "history", title: t("none.audit"), more: t("none_more.audit") }}>
    <${Card} flush=${true}><div class="tablewrap"><table class="list stack"><thead><tr><th>${t("col.at")}</th><th>${t("col.who")}</th><th>${t("col.what")}</th><th>${t("col.about")}</th><td></td></tr></thead><tbody>
    ${list.data.map((one) => html`<tr key=${one.id} class=${open === one.id ? "open" : ""}><td class="num muted">${whole(one.at)}</td><td>${named(one.actor) || one.actor}</td><td>${one.action}</td><td class="muted">${named(one.subject) || one.subject}</td>
      <td><span class="row end"><${Btn} kind="sm" aria-expanded=${String(open === one.id)} onClick=${() => show(open === one.id ? "" : one.id)}>${t("audit.change")}<//></span></td></tr>
      ${open === one.id && html`<tr class="sub"><td colspan="5"><pre class="head">${JSON.stringify(one.change, null, 2)}</pre></td></tr>`}`)}</tbody></table></div><//><//><//>`;
}
