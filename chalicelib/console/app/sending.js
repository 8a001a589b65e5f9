// The business speaks first: to a person, or to an address on a channel. Where it goes, and what stops it, is said before.
import { post, unique } from "./api.js";
import { say } from "./deeds.js";
import { Picker } from "./extras.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Btn, Dialog, Icon, Note, Reason, channelName } from "./parts.js";
import { purposeOf } from "./person.js";
import { setup } from "./setup.js";
import { t } from "./words.js";

const AFTER_MS = 300, PURPOSES = ["notification", "marketing"];

export function Write({ service, person, close, done = () => {} }) {
  const [to, aim] = useState({ channel: "", address: "", purpose: PURPOSES[0] }), [text, type] = useState("");
  const [{ way, error }, found] = useState({}), [busy, wait] = useState(false), asked = useRef({});
  const { channel, address, purpose } = to;
  // Nobody has been there, and so nobody can be written to, where an address is a browser's.
  const channels = setup.get().channels.filter((one) => person || one.kind !== "webchat");
  const whom = person ? { contact_id: person, ...(channel ? { channel_id: channel } : {}) } : channel && address.trim() && { channel_id: channel, address: address.trim() };
  const body = { service_id: service, to: whom, purpose };
  useEffect(() => {
    let now = true;
    found({});
    const timer = whom && setTimeout(() => post("v1/messages:try", body).then((told) => now && found({ way: told }), (wrong) => now && found({ error: wrong })), AFTER_MS);
    return () => { now = false; clearTimeout(timer); };
  }, [channel, address, purpose]);
  const send = async (said) => {
    wait(true);
    // Once more after an answer that was lost, it is the same message.
    const as = JSON.stringify([body, said]);
    if (asked.current.as !== as) asked.current = { as, key: unique() };
    try {
      done(await post("v1/messages", { ...body, ...said }, { key: asked.current.key }));
      say(t("sending.done"));
      close();
    } catch (wrong) {
      found({ way, error: wrong });
      wait(false);
    }
  };
  const at = (name) => ({ value: to[name], onChange: (e) => aim({ ...to, [name]: e.target.value }) });
  return html`<${Dialog} title=${t("sending.title")} close=${close} kind="wide2"><form class="col gap3" onSubmit=${(e) => { e.preventDefault(); send({ text: text.trim() }); }}>
    <label class="formrow"><span class="label">${t("sending.channel")}</span><select class="field" data-first="" ...${at("channel")}><option value="">${t(person ? "sending.last" : "sending.choose")}</option>${channels.map((one) => html`<option value=${one.id}>${one.name} · ${channelName(one.kind)}</option>`)}</select></label>
    ${!person && html`<label class="formrow"><span class="label">${t("col.address")}</span><input class="field" maxlength="1000" autocomplete="off" value=${address} onInput=${(e) => aim({ ...to, address: e.target.value })} /></label>`}
    <label class="formrow"><span class="label">${t("consent.purpose")}</span><select class="field" ...${at("purpose")}>${PURPOSES.map((one) => html`<option value=${one}>${t(`sending.${one}`)}</option>`)}</select></label>
    <div role="status" class="col gap1">${way && html`<p class="small muted">${t("sending.to", { address: way.channel_kind === "webchat" ? "" : way.address, channel: setup.get().byId.get(way.channel_id)?.name ?? channelName(way.channel_kind) })}</p>`}
      ${way?.consent && html`<${Note} k="bad" icon="x">${t("sending.refused", { purpose: purposeOf(way.consent) })}<//>`}
      ${error && html`<${Note} k="bad" icon="alert-triangle">${error.errors.length ? html`<span lang="en">${error.errors.map((one) => one.message).join("; ")}</span>` : html`<${Reason} error=${error} />`}<//>`}</div>
    ${way && !way.consent && (way.needs_template ? html`<${Picker} channel=${way.channel_id} pick=${(content) => send({ content })} />` : html`<textarea class="field" rows="4" maxlength="16384" aria-label=${t("sending.text")} placeholder=${t("sending.text")} value=${text} onInput=${(e) => type(e.target.value)}></textarea>
      <div class="row"><span class="push"></span><button class="btn main" disabled=${busy || !text.trim()}><${Icon} n="send" />${t("composer.send")}</button><${Btn} onClick=${close}>${t("do.cancel")}<//></div>`)}</form><//>`;
}
