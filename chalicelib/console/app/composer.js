// Where an answer or a note is written. A draft stays with its conversation while the tab is open.
import * as deeds from "./deeds.js";
import { post, unique } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { MAC } from "./keys.js";
import { open } from "./live.js";
import { Btn, Chip, Icon, channelName } from "./parts.js";
import { setup } from "./setup.js";
import { useStore } from "./store.js";
import { t } from "./words.js";

const TYPING_EVERY = 3000, TYPING_FOR = 6000, MOST = 16 * 1024;
const draftOf = (id) => JSON.parse(sessionStorage.getItem(`draft ${id}`) ?? "null") ?? { text: "", note: false };

// Words in braces that a saved reply has and the conversation knows.
function filled(text, { contact, me, desk }) {
  const known = { name: contact?.name, "contact.name": contact?.name, first_name: contact?.name?.split(/\s+/)[0], agent: me.name, "agent.name": me.name, desk };
  return text.replace(/\{\{?\s*([\w.]+)\s*\}?\}/g, (all, name) => (Object.hasOwn(known, name) ? known[name] ?? "" : all));
}

export function Composer({ id, row, channel, contact, name, me, writable, claim, take, holder, send, left, focus, crossed }) {
  const [draft, keep] = useState(() => draftOf(id)), [at, point] = useState(0), [closed, close] = useState(false);
  const box = useRef(), typed = useRef(0);
  const { replies } = useStore(setup);
  useEffect(() => {
    if (draft.text) sessionStorage.setItem(`draft ${id}`, JSON.stringify(draft));
    else sessionStorage.removeItem(`draft ${id}`);
  }, [draft]);
  useEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 220)}px`;
  }, [draft.text, writable]);
  useEffect(() => {
    focus.current = (note) => {
      keep((was) => ({ ...was, note }));
      box.current?.focus();
    };
  });
  useEffect(() => {
    const timer = setTimeout(() => open.get()?.typing && open.set({ ...open.get(), typing: false }), TYPING_FOR);
    return () => clearTimeout(timer);
  }, [draft.text]);
  const slash = !draft.note && /^\/(\S*)$/.exec(draft.text)?.[1];
  const offered = typeof slash === "string" && !closed ? replies.filter((one) => (!one.desk_ids?.length || one.desk_ids.includes(row?.desk_id)) && `${one.shortcut} ${one.text}`.toLowerCase().includes(slash.toLowerCase())).slice(0, 8) : [];
  const use = (one) => {
    keep({ ...draft, text: filled(one.text, { contact, me, desk: row?.desk_id && setup.get().byId.get(row.desk_id)?.name }) });
    box.current?.focus();
  };
  const type = (text) => {
    keep({ ...draft, text });
    point(0);
    close(false);
    if (!text || draft.note) return;
    if (open.get()?.conversation === id && !open.get().typing) open.set({ ...open.get(), typing: true });
    if (row?.state !== "offered" && Date.now() - typed.current > TYPING_EVERY) {
      typed.current = Date.now();
      post(`v1/conversations/${encodeURIComponent(id)}/events`, { type: "agent.typing", id: `console-${unique()}` }).catch(() => {});
    }
  };
  const done = (closing) => {
    const text = draft.text.trim();
    if (!text) return;
    if (new Blob([text]).size > MOST) return deeds.say(t("composer.too_long"), true);
    if (!draft.note && crossed() && !confirm(t("composer.crossed", { name: crossed() }))) return;
    keep({ text: "", note: false });
    open.set({ ...(open.get() ?? {}), typing: false });
    send(text, draft.note, closing);
    box.current?.focus();
  };
  const key = (e) => {
    if (offered.length && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      e.preventDefault();
      point((at + (e.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
    } else if (offered.length && (e.key === "Enter" || e.key === "Tab")) {
      e.preventDefault();
      use(offered[at]);
    } else if (e.key === "Escape") {
      if (offered.length) close(true);
      else e.target.blur();
    } else if (e.key === "Enter" && (e.metaKey || e.ctrlKey)) {
      e.preventDefault();
      done(e.shiftKey);
    }
  };
  if (!writable) return html`<div class="compose quiet row"><span class="grow muted mid">${claim ? t("composer.claim_first") : take ? t("composer.of_another", { name: holder?.name ?? "" }) : t("composer.read_only")}</span>
    ${claim && html`<${Btn} kind="main" icon="user" onClick=${claim}>${t("claim.this")}<//>`}${take && html`<${Btn} icon="user" onClick=${take}>${t("claim.take_over")}<//>`}</div>`;
  const mode = (note) => html`<button type="button" aria-pressed=${String(draft.note === note)} onClick=${() => focus.current(note)}>${t(note ? "composer.note" : "composer.reply")}</button>`;
  return html`<form class=${`compose ${draft.note ? "private" : ""}`} aria-label=${t("composer.form")} onSubmit=${(e) => { e.preventDefault(); done(false); }}>
    <div class="ct"><div class="seg" role="group" aria-label=${t("composer.who_reads")}>${mode(false)}${mode(true)}</div>
      <span class="small muted clip wide">${draft.note ? t("composer.team_only") : t("composer.to", { name, channel: channelName(channel) })}</span><span class="push"></span>
      ${left && html`<${Chip} k=${left.k} icon=${left.icon}><span class="num">${left.says}</span><//>`}</div>
    ${offered.length > 0 && html`<ul class="saved" role="listbox" aria-label=${t("composer.saved")} id="saved">${offered.map((one, n) => html`<li id=${`saved-${n}`} role="option" aria-selected=${String(n === at)} onMouseDown=${(e) => { e.preventDefault(); use(one); }}><b class="strong">/${one.shortcut}</b> <span class="muted clip">${one.text}</span></li>`)}</ul>`}
    <textarea ref=${box} rows="2" aria-label=${draft.note ? t("composer.note") : t("composer.reply")} value=${draft.text} maxlength=${MOST} aria-controls=${offered.length ? "saved" : undefined} aria-activedescendant=${offered.length ? `saved-${at}` : undefined}
      placeholder=${draft.note ? t("composer.write_note") : t("composer.write_reply", { name: contact?.name?.split(/\s+/)[0] || t("contact.customer") })} onInput=${(e) => type(e.target.value)} onKeyDown=${key}></textarea>
    <div class="cb">${replies.length > 0 && html`<${Btn} kind="bare sm icon" icon="bolt" label=${t("composer.saved_key")} onClick=${() => { keep({ text: "/", note: false }); close(false); box.current.focus(); }} />`}
      <span class="push"></span><kbd class="wide">${MAC ? "⌘ ↵" : "Ctrl ↵"}</kbd><span class="wide"> </span>
      <button class="btn main sm" disabled=${!draft.text.trim()}><${Icon} n=${draft.note ? "lock" : "send"} />${draft.note ? t("composer.save_note") : t("composer.send")}</button></div></form>`;
}
