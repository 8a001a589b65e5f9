// Sending deliveries again: first it is counted what would go, to whom and how long it takes; then it goes.
import { post, unique } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Dialog, Note } from "./parts.js";
import { span, whole } from "./time.js";
import { t } from "./words.js";

const STATUSES = ["failed", "expired", "poison", "delivered"];
const local = (when) => new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

export function Replay({ destination, name, close, done }) {
  const [asked, ask] = useState({ since: local(new Date(Date.now() - 2 * 3_600_000)), until: local(new Date()), statuses: ["failed", "expired", "poison"] });
  const [told, hear] = useState(null), [wrong, say] = useState(""), [going, go] = useState(0);
  const body = (since = asked.since) => ({ ...destination, since: new Date(since).toISOString(), until: new Date(asked.until).toISOString(), statuses: asked.statuses });
  useEffect(() => {
    hear(null);
    if (!asked.since || !asked.until || !asked.statuses.length) return undefined;
    const ended = new AbortController();
    const timer = setTimeout(() => post("v1/deliveries:replay", { ...body(), dry_run: true }, { signal: ended.signal }).then((found) => { hear(found); say(""); }, (error) => error.name !== "AbortError" && say(error.message)), 300);
    return () => { clearTimeout(timer); ended.abort(); };
  }, [asked]);
  const start = async () => {
    let since = asked.since, sent = 0;
    try {
      // A page of it at a time; what goes is said as it goes.
      for (let page = 0; since && page < 500; page += 1) {
        const answer = await post("v1/deliveries:replay", body(since), { key: unique() });
        sent += answer.count;
        go(sent);
        since = answer.next_since;
      }
      done(sent);
    } catch (error) {
      say(t("replay.stopped", { n: sent, why: error.message }));
      go(0);
    }
  };
  const change = (name_) => (e) => ask({ ...asked, [name_]: e.target.value });
  const skipped = told ? Object.entries(told.skipped).filter(([, n]) => n > 0) : [];
  return html`<${Dialog} title=${t("replay.title", { name })} close=${close} kind="wide2"><div class="col gap3">
    <div class="row wrap"><div class="formrow grow"><label class="label" for="re-since">${t("replay.since")}</label><input id="re-since" class="field" type="datetime-local" data-first="" value=${asked.since} onInput=${change("since")} /></div>
      <div class="formrow grow"><label class="label" for="re-until">${t("replay.until")}</label><input id="re-until" class="field" type="datetime-local" value=${asked.until} onInput=${change("until")} /></div></div>
    <fieldset class="bare row wrap"><legend class="label">${t("replay.which")}</legend>${STATUSES.map((one) => html`<label class="row mid gap1"><input type="checkbox" class="check" checked=${asked.statuses.includes(one)} onChange=${(e) => ask({ ...asked, statuses: e.target.checked ? [...asked.statuses, one] : asked.statuses.filter((other) => other !== one) })} />${t(`status.${one}`)}</label>`)}</fieldset>
    ${asked.statuses.includes("delivered") && html`<${Note} k="warn" icon="alert-triangle">${t("replay.delivered")}<//>`}
    ${wrong && html`<${Note} k="bad" icon="alert-triangle" role="alert">${wrong}<//>`}
    ${told && html`<div role="status"><${Note} icon="info-circle"><b class="strong">${t(told.next_since ? "replay.more" : "replay.count", { n: told.count })}</b> ${t("replay.order")}${told.first_at && html`<br />${t("replay.from_to", { from: whole(told.first_at), to: whole(told.last_at) })}`}${told.seconds > 0 && html`<br />${t("replay.takes", { span: span(told.seconds * 1000) })}`}
      ${skipped.length > 0 && html`<br />${skipped.map(([why, n]) => t(`replay.skipped.${why}`, { n })).join(" ")}`}<//></div>`}
    <div class="row"><${Btn} kind="main grow" icon="rotate-clockwise" disabled=${!(told?.count || told?.next_since) || going > 0} onClick=${start}>${going ? t("replay.going", { n: going }) : t("replay.start")}<//><${Btn} onClick=${close}>${t("do.cancel")}<//></div></div><//>`;
}

