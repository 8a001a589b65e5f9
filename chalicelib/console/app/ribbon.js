// Who had the conversation, since when: a ribbon of owners, and the sentence of the one who has it now.
import { html } from "./html.js";
import { named } from "./setup.js";
import { clock, ms, stamp } from "./time.js";
import { t } from "./words.js";

// [{owner, name, from, to|null}] of a thread, from its conversations and the facts among its messages.
export function owners(conversations, messages) {
  const accepted = new Map();
  for (const one of messages) if (one.content?.name === "handover_accepted") accepted.set(one.conversation_id, one.sent_at);
  const found = [];
  const add = (owner, name, from, to) => found.push({ owner, name, from: ms(from), to: to ? ms(to) : null });
  const chats = conversations.filter((one) => one.kind === "desk");
  const bots = conversations.filter((one) => one.kind === "bot");
  for (const one of chats) {
    const taken = accepted.get(one.id) ?? (one.state === "offered" ? null : one.opened_at);
    if (!taken || ms(taken) - ms(one.opened_at) > 1000) add("nobody", t("ribbon.queue"), one.opened_at, taken ?? one.closed_at);
    if (taken) add("desk", [named(one.desk_id), one.agent?.name].filter(Boolean).join(" · "), taken, one.closed_at);
  }
  // The bot has it whenever its conversation is open and no desk's is.
  for (const one of bots) {
    let from = ms(one.opened_at);
    const end = one.closed_at ? ms(one.closed_at) : null;
    for (const chat of chats) {
      const [begins, ends] = [ms(chat.opened_at), chat.closed_at ? ms(chat.closed_at) : null];
      if (begins < from || (end && begins > end)) continue;
      if (begins > from) found.push({ owner: "bot", name: named(one.bot_id), from, to: begins });
      from = ends ?? Infinity;
    }
    if (from < (end ?? Date.now())) found.push({ owner: "bot", name: named(one.bot_id), from, to: end });
  }
  return found.sort((one, other) => one.from - other.from);
}

const LINE = { bot: "b-bot", desk: "b-desk", nobody: "b-warn" };
const MOST = 5;

export function Ribbon({ of, now }) {
  const shown = of.slice(-MOST);
  const length = (one) => Math.max(1000, (one.to ?? now) - one.from);
  // Hours of a bot must not hide minutes in the queue.
  const width = (one) => Math.max(1, Math.log2(length(one) / 1000 + 2));
  const at = (one) => stamp(new Date(one.from).toISOString());
  const said = shown.map((one) => t(one.to ? "ribbon.was" : "ribbon.is", { name: one.name, from: at(one), to: one.to ? clock(new Date(one.to).toISOString()) : "" })).join(", ");
  return html`<div class="ribbon" role="img" aria-label=${said}>${shown.map((one) => html`<div class=${one.to ? "" : "now"} style=${{ flex: `${width(one)} 1 0` }}>
    <div class=${`line ${LINE[one.owner]}`}></div><div class="t clip">${one.name} · ${at(one)}${one.to ? "" : ` → ${t("ribbon.now")}`}</div></div>`)}</div>`;
}
