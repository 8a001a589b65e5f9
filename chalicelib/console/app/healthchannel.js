// Whether a channel's provider knows it: what it says of it, until when the token holds, and asking it again.
import { get, post, unique } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Card, Chip, Icon, Note, Trouble } from "./parts.js";
import { may } from "./session.js";
import { exact, ms, sameDay, span, stamp, useNow, whole } from "./time.js";
import { known, t } from "./words.js";

const when = (at) => (sameDay(at, Date.now()) ? exact(at) : `${stamp(at)} ${exact(at)}`);
const labelled = (name) => (known(`connection.fact.${name}`) ? t(`connection.fact.${name}`) : name);
const worded = (name, value) => (known(`connection.fact.${name}.${value}`) ? t(`connection.fact.${name}.${value}`) : value);

// Our own words are said in the page's language, the provider's as they came.
const UNANSWERED = "no answer: ";
const why = (reason) => {
  if (known(`connection.why.${reason}`)) return t(`connection.why.${reason}`);
  const unanswered = reason.startsWith(UNANSWERED);
  return html`${unanswered ? `${t("connection.unanswered")} ` : ""}<code class="wrapall">${unanswered ? reason.slice(UNANSWERED.length) : reason}</code>`;
};

// How the token stands: by word, by colour and by shape.
const TOKENS = { unknown: ["", "point"], good: ["ok", "circle-check"], expiring: ["warn", "hourglass"], expired: ["bad", "circle-x"] };

export function ChannelHealth({ id, name, stands }) {
  const [state, set] = useState({ health: null, error: null }), [busy, wait] = useState(false), now = useNow(60_000);
  const read = () => get(`v1/channels/${id}/health`).then((health) => {
    set({ health, error: null });
    stands(health.status);
  }, (error) => set((was) => ({ ...was, error })));
  useEffect(() => { read(); }, [id]);
  const { health, error } = state;
  if (error && !health) return html`<${Trouble} error=${error} again=${read} />`;
  if (!health?.checks) return null;
  const check = async () => {
    wait(true);
    try {
      await post(`v1/channels/${id}/verify`, {}, { key: unique() });
      deeds.say(t("connection.checked", { name }));
    } catch (failed) {
      deeds.say(failed.message, true);
    }
    await read();
    wait(false);
  };
  const [tone, icon] = TOKENS[health.token] ?? TOKENS.unknown, ends = health.token_expires_at;
  const left = ends ? t(`connection.token.${health.token}`, { span: span(Math.abs(ms(ends) - now)) }) : t("connection.token.unknown");
  return html`<${Card} title=${t("connection.title")} aside=${may("admin") && html`<${Btn} kind="sm" icon="refresh" disabled=${busy} onClick=${check}>${t("connection.check")}<//>`}><div class="col gap3">
    ${health.status_reason && html`<${Note} k=${health.status === "active" ? "warn" : "bad"} icon="alert-triangle"><b>${t(health.status === "active" ? "connection.not_asked" : "connection.unverified")}</b> ${why(health.status_reason)}<//>`}
    <dl class="facts">${Object.entries(health.facts).map(([fact, value]) => html`<dt>${labelled(fact)}</dt><dd>${worded(fact, value)}</dd>`)}
      <dt>${t("connection.token")}</dt><dd class="row wrap"><${Chip} k=${tone} icon=${icon}>${left}<//>${ends && html`<span class="muted num" title=${whole(ends)}>${when(ends)}</span>`}</dd>
      <dt>${t("connection.looked")}</dt><dd>${health.checked_at ? html`<span class="num" title=${whole(health.checked_at)}>${when(health.checked_at)}</span>` : html`<span class="muted">${t("connection.never")}</span>`}</dd>
      ${health.verified_at && health.verified_at !== health.checked_at && html`<dt>${t("connection.passed")}</dt><dd class="num" title=${whole(health.verified_at)}>${when(health.verified_at)}</dd>`}</dl>
    ${error && html`<p class="muted row"><${Icon} n="alert-triangle" />${error.message}</p>`}</div><//>`;
}
