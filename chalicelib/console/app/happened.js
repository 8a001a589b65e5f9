// What people do without words, as a line between what is said: they open the chat, call in vain, want to hear no more.
import { html } from "./html.js";
import { Icon } from "./parts.js";
import { clock, whole } from "./time.js";
import { known, parts, t } from "./words.js";

const ICONS = { opted_out: "circle-x", opted_in: "circle-check", started: "message-circle", missed_call: "phone", call: "phone", call_permission: "phone", message_deleted: "x" };

// The sentence of an event, without who and when: `{who}` and `{at}` are places in it.
function keyOf({ name, scope, given }) {
  const kind = scope === "marketing" ? "_marketing" : name === "call_permission" ? (given ? "_given" : "_refused") : "";
  return known(`happened.${name}${kind}`) ? `happened.${name}${kind}` : "happened.other";
}

const more = ({ text, content }) => [text, content.why].filter(Boolean).join(" · ");

export function lineOf(message, who) {
  const { name } = message.content;
  const said = parts(keyOf(message.content), { who, at: clock(message.sent_at), what: (name ?? message.type).replaceAll("_", " ") });
  return more(message) ? [...said, ` · ${more(message)}`] : said;
}

export const Happening = ({ message, who }) => html`<div class="fact"><span class="in"><${Icon} n=${ICONS[message.content.name] ?? "point"} c=${message.content.name === "opted_out" ? "c-warn" : ""} />
  <span title=${whole(message.sent_at)}>${lineOf(message, html`<b class="strong">${who}</b>`)}</span></span></div>`;
