// The business speaks first: to a person, or to an address on a channel. Where it goes, and what stops it, is said before.
import { post, unique } from "./api.js";
import { say } from "./deeds.js";
import { Picker } from "./extras.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Dialog, Icon, Note, Reason, channelIcon } from "./parts.js";
import { purposeOf } from "./person.js";
import { named, setup } from "./setup.js";
import { t } from "./words.js";

export function Write({ service, person, close, done }) {
  // Where an address is a browser's, nobody is written to who has not been there.
  const channels = setup.get().channels.filter((one) => person || one.kind !== "webchat");
  const [to, aim] = useState({ channel_id: person ? "" : channels[0]?.id, address: "", news: false }), [text, type] = useState("");
  const [{ way, error }, found] = useState({}), [busy, wait] = useState(false), asked = useRef({});
  const { channel_id, address, news } = to;
  const body = { service_id: service, to: person ? { contact_id: person, channel_id: channel_id || null } : { channel_id, address }, purpose: news ? "marketing" : "notification" };
  useEffect(() => {
    let now = true;
    const tell = (what) => now && found(what);
    tell({});
    const timer = (person || address.trim()) && setTimeout(() => post("v1/messages:try", body).then((told) => tell({ way: told }), (wrong) => tell({ error: wrong })), 300);
    return () => { now = false; clearTimeout(timer); };
  }, [to]);
  const send = async (said) => {
    wait(true);
    // Once more after an answer that was lost, it is the same message.
    const as = JSON.stringify([body, said]);
    if (asked.current.as !== as) asked.current = { as, key: unique() };
    try {
      await post("v1/messages", { ...body, ...said }, { key: asked.current.key });
      say(t("sending.done"));
      done?.();
      close();
    } catch (wrong) {
      found({ way, error: wrong });
      wait(false);
    }
  };
  return html`<${Dialog} title=${t("sending.title")} close=${close} kind="wide2"><form class="col gap3" onSubmit=${(e) => { e.preventDefault(); send({ text: text.trim() }); }}>
    <label class="formrow"><span class="label">${t("author.channel")}</span><select class="field" data-first="" value=${channel_id} onChange=${(e) => aim({ ...to, channel_id: e.target.value })}>${person && html`<option value="">${t("sending.last")}</option>`}${channels.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select></label>
    ${!person && html`<label class="formrow"><span class="label">${t("col.address")}</span><input class="field" maxlength="1000" value=${address} onInput=${(e) => aim({ ...to, address: e.target.value })} /></label>`}
    <label class="row mid"><input type="checkbox" checked=${news} onChange=${() => aim({ ...to, news: !news })} />${t("consent.example")}</label>
    <div role="status" class="col gap1">${way && html`<p class="row muted"><${Icon} n=${channelIcon(way.channel_kind)} />${named(way.channel_id)}${way.channel_kind !== "webchat" && ` · ${way.address}`}</p>`}
      ${way?.consent && html`<${Note} k="bad" icon="x">${t("person.no_consent")}: ${purposeOf(way.consent)}<//>`}
      ${error && html`<${Note} k="bad" icon="alert-triangle"><${Reason} error=${error} /><//>`}</div>
    ${way && !way.consent && (way.needs_template ? html`<${Picker} channel=${way.channel_id} pick=${(content) => send({ content })} />` : html`<textarea class="field" rows="4" maxlength="16384" aria-label=${t("sending.title")} value=${text} onInput=${(e) => type(e.target.value)}></textarea>
      <div class="row"><button class="btn main grow" disabled=${busy || !text.trim()}><${Icon} n="send" />${t("composer.send")}</button></div>`)}</form><//>`;
}
