// Every conversation of the service, whoever has it; one of them beside the list.
import { Conversation } from "./conversation.js";
import { html, useState } from "./html.js";
import { kindIcon } from "./kinds.js";
import { Listed, useList } from "./listing.js";
import { Empty, Face, Icon, Status } from "./parts.js";
import { href } from "./place.js";
import { who } from "./row.js";
import { rows } from "./rows.js";
import { named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { stamp } from "./time.js";
import { t } from "./words.js";

export const title = () => t("nav.conversations");
const LIVE_MS = 15_000;

export default function Conversations({ id, service }) {
  const list = useList("v1/conversations", { service_id: service }, { every: LIVE_MS }), { byId } = useStore(rows);
  useStore(setup);
  const [side, show] = useState(false);
  const party = (one) => named(one.bot_id ?? one.desk_id ?? one.source_id) || t(`author.${one.kind}`);
  return html`<h1 class="unseen">${t("nav.conversations")}</h1><div class=${`inbox ${id ? "reading" : ""}`}>
    <section class="ilist" aria-label=${t("nav.conversations")}><div class="top"><h2 class="big">${t("nav.conversations")}</h2><p class="small muted">${t("conversations.lead")}</p></div>
      <div class="scroll grow" tabindex="0"><${Listed} list=${list} within=${true} empty=${{ icon: "list-search", title: t("conversations.none"), more: t("conversations.none_more") }}>
        <ul>${list.data.map((one) => html`<li key=${one.id}><a class="item" href=${href("conversations", one.id)} aria-current=${one.id === id ? "true" : undefined}>
          <${Face} name=${who(one)} channel=${one.source} /><span class="who clip">${who(one)}</span><span class="small faint num">${stamp(one.opened_at)}</span>
          <span class="say clip"><${Icon} n=${kindIcon(one.kind)} /> ${party(one)}${one.agent?.name && ` · ${one.agent.name}`}</span><span class="foot"><${Status} s=${one.state} />${one.outcome && html`<span class="small muted clip">${one.outcome}</span>`}</span></a></li>`)}</ul><//></div></section>
    ${id ? html`<${Conversation} key=${id} id=${id} row=${byId.get(id)} side=${side} show=${show} back="conversations" />` : html`<section class="conv only-wide"><${Empty} icon="list-search" title=${t("inbox.nothing_open")}>${t("conversations.choose")}<//></section>`}</div>`;
}
