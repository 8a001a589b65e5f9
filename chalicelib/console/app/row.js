// How a row of the inbox reads: whose it is, what was said last, how long a reply may take.
import { countdown, ms, span } from "./time.js";
import { t } from "./words.js";

const SOON = 0.2;

// A visitor of a page has no name and an address of random letters: four of them tell one from another.
const visitor = (address) => t("contact.visitor", { code: address.slice(2, 6).toUpperCase() });
export const who = (one) => one.contact?.name || ((one.channel_kind ?? one.source) === "webchat" && one.address ? visitor(one.address) : one.address) || t("contact.unknown");

// How much time is left until a reply is due: calm, amber in the last fifth, red when it is over.
export function due(row, now) {
  if (row.state === "held") return { k: "", icon: "player-pause", says: t("row.held") };
  if (!row.due_at) return row.waiting_since ? { k: "", icon: "clock", says: t("row.waits", { span: span(now - ms(row.waiting_since)) }) } : null;
  const left = ms(row.due_at) - now;
  const all = ms(row.due_at) - ms(row.waiting_since ?? row.opened_at);
  if (left < 0) return { k: "bad", icon: "alert-triangle", says: t("row.over", { span: countdown(left) }) };
  return { k: left < all * SOON ? "warn" : "", icon: "clock", says: t("row.left", { span: countdown(left) }) };
}

export function said(row) {
  if (!row.last) return "";
  const text = row.last.text || t("row.file");
  return row.last.by === "agent" ? t("row.by_desk", { text }) : row.last.by === "bot" ? t("row.by_bot", { text }) : text;
}
