// Where an answer or a note is written. A draft stays with its conversation while the tab is open.
import { post, unique } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { MAC } from "./keys.js";
import { Later } from "./later.js";
import { open } from "./live.js";
import { Btn, Chip, Icon, channelName } from "./parts.js";
import { setup } from "./setup.js";
import { store, useStore } from "./store.js";
import { t, withMore } from "./words.js";

const TYPING_EVERY = 3000, TYPING_FOR = 6000, MOST = 16 * 1024;
// Conversation -> what goes with its answer beside words: {files, titles}. An upload goes on while one looks elsewhere.
const beside = store(new Map()), NOTHING = { files: [], titles: null };
const extras = () => withMore(import("./extras.js"));
const Extra = (rest) => html`<${Later} load=${extras} ...${rest} />`;
const draftOf = (id) => JSON.parse(sessionStorage.getItem(`draft ${id}`) ?? "null") ?? { text: "", note: false };

// Words in braces that a saved reply has and the conversation knows.
function filled(text, { contact, me, desk }) {
  const known = { name: contact?.name, "contact.name": contact?.name, first_name: contact?.name?.split(/\s+/)[0], agent: me.name, "agent.name": me.name, desk };
  return text.replace(/\{\{?\s*([\w.]+)\s*\}?\}/g, (all, name) => (Object.hasOwn(known, name) ? known[name] ?? "" : all));
}

// Who a note may be meant for, and whom it names: the longest name first, as one may begin as another does.
const mates = (row, me) => setup.get().people.filter((one) => one.id !== me.id && one.role !== "read" && (one.desk_ids == null || one.desk_ids.includes(row?.desk_id)));
function mentioned(text, people) {
  const found = [];
  for (const one of [...people].sort((a, b) => b.name.length - a.name.length)) {
    if (text.includes(`@${one.name}`)) found.push(one.id);
    text = text.replaceAll(`@${one.name}`, "");
  }
  return found;
}

export function Composer({ id, row, channel, channelId, shut, takes, contact, name, me, writable, notes, claim, take, holder, send, left, focus, crossed }) {
  const [draft, keep] = useState(() => draftOf(id)), [at, point] = useState(0), [closed, close] = useState(false), [noting, write] = useState(false);
  // Who does not have the conversation may still say something to the team.
  const noted = draft.note || !writable;
  // What was written as a note stays one, also where the conversation becomes one's own meanwhile.
  const put = (text) => keep({ text, note: noted });
  const box = useRef(), typed = useRef(0);
  const { replies } = useStore(setup), { files, titles } = useStore(beside).get(id) ?? NOTHING;
  const picker = useRef();
  const hold = (change) => beside.set(new Map(beside.get()).set(id, { ...(beside.get().get(id) ?? NOTHING), ...change(beside.get().get(id) ?? NOTHING) }));
  const have = (change) => hold((was) => ({ files: change(was.files) }));
  const choose = (wanted) => hold(() => ({ titles: wanted }));
  const attach = deeds.trying(async (given) => {
    const list = [...given];
    if (!list.length || !writable) return;
    if (noted) return deeds.say(t("attach.no_note"), true);
    (await extras()).add(id, takes, list, files.length, have);
  });
  // What is dropped anywhere goes with the answer, and does not take the page's place.
  useEffect(() => {
    if (!writable) return undefined;
    const over = (e) => e.dataTransfer?.types.includes("Files") && e.preventDefault();
    const drop = (e) => { if (e.dataTransfer?.files.length) { e.preventDefault(); attach(e.dataTransfer.files); } };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => { removeEventListener("dragover", over); removeEventListener("drop", drop); };
  });
  useEffect(() => {
    if (draft.text) sessionStorage.setItem(`draft ${id}`, JSON.stringify(draft));
    else sessionStorage.removeItem(`draft ${id}`);
  }, [draft]);
  useEffect(() => { if (noting && notes && !writable) keep((was) => ({ ...was, note: true })); }, [noting, notes, writable]);
  useEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 220)}px`;
  }, [draft.text, writable]);
  useEffect(() => {
    focus.current = (note) => {
      keep((was) => ({ ...was, note }));
      if (note) write(true);
      setTimeout(() => box.current?.focus());
    };
  });
  useEffect(() => {
    const timer = setTimeout(() => open.get()?.typing && open.set({ ...open.get(), typing: false }), TYPING_FOR);
    return () => clearTimeout(timer);
  }, [draft.text]);
  const slash = !noted && /^\/(\S*)$/.exec(draft.text)?.[1];
  const offered = typeof slash === "string" && !closed ? replies.filter((one) => (!one.desk_ids?.length || one.desk_ids.includes(row?.desk_id)) && `${one.shortcut} ${one.text}`.toLowerCase().includes(slash.toLowerCase())).slice(0, 8) : [];
  const asked = noted && !closed ? /(?:^|\s)@([^@\n]{0,40})$/.exec(draft.text)?.[1] : undefined;
  const people = typeof asked === "string" ? mates(row, me).filter((one) => one.name.toLowerCase().includes(asked.toLowerCase()) && one.name !== asked.trim()).slice(0, 8) : [];
  const choices = people.length ? people.map((one) => ({ head: `@${one.name}`, use: () => put(`${draft.text.slice(0, draft.text.length - asked.length)}${one.name} `) })) : offered.map((one) => ({ head: `/${one.shortcut}`, tail: one.text, use: () => use(one) }));
  const use = (one) => {
    put(filled(one.text, { contact, me, desk: row?.desk_id && setup.get().byId.get(row.desk_id)?.name }));
    box.current?.focus();
  };
  const type = (text) => {
    put(text);
    point(0);
    close(false);
    if (!text || noted) return;
    if (open.get()?.conversation === id && !open.get().typing) open.set({ ...open.get(), typing: true });
    if (row?.state !== "offered" && Date.now() - typed.current > TYPING_EVERY) {
      typed.current = Date.now();
      post(`v1/conversations/${encodeURIComponent(id)}/events`, { type: "agent.typing", id: `console-${unique()}` }).catch(() => {});
    }
  };
  const media = noted ? [] : files.map((one) => one.media), buttons = noted ? [] : (titles ?? []).map((one) => one.trim()).filter(Boolean);
  const text = draft.text.trim(), something = text || media.length > 0;
  const done = (then) => {
    // Where only templates go, what was written before waits, unseen: nothing sends it.
    if (!something || (shut && !noted)) return;
    if (media.includes(undefined)) return deeds.say(t(files.some((one) => one.error) ? "attach.failed_first" : "attach.wait"), true);
    if (buttons.length && !text) return deeds.say(t("buttons.need_text"), true);
    if (new Blob([text]).size > MOST) return deeds.say(t("composer.too_long"), true);
    if (!noted && crossed() && !confirm(t("composer.crossed", { name: crossed() }))) return;
    keep({ text: "", note: !writable });
    open.set({ ...(open.get() ?? {}), typing: false });
    if (!noted) hold(() => NOTHING);
    send({ text, ...(media.length ? { media } : {}), ...(buttons.length ? { buttons: buttons.map((title) => ({ title })) } : {}), ...(noted ? { mentions: mentioned(text, mates(row, me)) } : {}) }, noted, then);
    box.current?.focus();
  };
  const key = (e) => {
    if (choices.length && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      e.preventDefault();
      point((at + (e.key === "ArrowDown" ? 1 : choices.length - 1)) % choices.length);
    } else if (choices.length && (e.key === "Enter" || e.key === "Tab") && !e.ctrlKey && !e.metaKey) {
      e.preventDefault();
      choices[at].use();
    } else if (e.key === "Escape") {
      if (choices.length) close(true);
      else e.target.blur();
    } else if (e.key === "Enter" && (e.metaKey || e.ctrlKey)) {
      e.preventDefault();
      done(e.shiftKey ? "close" : "");
    }
  };
  if (!writable && !(noting && notes)) return html`<div class="compose quiet row"><span class="grow muted mid">${claim ? t("composer.claim_first") : take ? t("composer.of_another", { name: holder?.name ?? "" }) : t("composer.read_only")}</span>
    ${notes && html`<${Btn} icon="note" onClick=${() => focus.current(true)}>${t("composer.note")}<//>`}${claim && html`<${Btn} kind="main" icon="user" onClick=${claim}>${t("claim.this")}<//>`}${take && html`<${Btn} icon="user" onClick=${take}>${t("claim.take_over")}<//>`}</div>`;
  const mode = (note) => html`<button type="button" aria-pressed=${String(noted === note)} onClick=${() => focus.current(note)}>${t(note ? "composer.note" : "composer.reply")}</button>`;
  return html`<form class=${`compose ${noted ? "private" : ""}`} aria-label=${t("composer.form")} onSubmit=${(e) => { e.preventDefault(); done(""); }}>
    <div class="ct"><div class="seg" role="group" aria-label=${t("composer.who_reads")}>${writable && mode(false)}${mode(true)}</div>
      <span class="small muted clip wide">${noted ? t("composer.team_only") : t("composer.to", { name, channel: channelName(channel) })}</span><span class="push"></span>
      ${left && html`<${Chip} k=${left.k} icon=${left.icon}><span class="num">${left.says}</span><//>`}</div>
    ${shut && !noted ? html`<${Extra} what="Picker" channel=${channelId} pick=${(said) => send(said, false, "")} />` : html`${choices.length > 0 && html`<ul class="saved" role="listbox" aria-label=${t(people.length ? "composer.people" : "composer.saved")} id="saved">${choices.map((one, n) => html`<li id=${`saved-${n}`} role="option" aria-selected=${String(n === at)} onMouseDown=${(e) => { e.preventDefault(); one.use(); }}><b class="strong">${one.head}</b> <span class="muted clip">${one.tail}</span></li>`)}</ul>`}
    <textarea ref=${box} rows="2" aria-label=${noted ? t("composer.note") : t("composer.reply")} value=${draft.text} maxlength=${MOST} aria-controls=${choices.length ? "saved" : undefined} aria-activedescendant=${choices.length ? `saved-${at}` : undefined}
      placeholder=${noted ? t("composer.write_note") : t("composer.write_reply", { name: contact?.name?.split(/\s+/)[0] || t("contact.customer") })} onInput=${(e) => type(e.target.value)} onKeyDown=${key}
      onPaste=${(e) => { if (e.clipboardData.files.length && !e.clipboardData.types.includes("text/plain")) { e.preventDefault(); attach(e.clipboardData.files); } }}></textarea>
    ${!noted && files.length > 0 && html`<${Extra} what="Files" files=${files} have=${have} />`}
    ${!noted && (takes?.sms ? text : takes?.text && text.length > takes.text * 0.8) && html`<${Extra} what="Counter" takes=${takes} text=${text} />`}
    ${!noted && titles && html`<${Extra} what="Choices" titles=${titles} set=${choose} takes=${takes} text=${draft.text} channel=${channel} />`}
    <div class="cb">${!noted && takes && html`<input ref=${picker} type="file" multiple hidden tabindex="-1" aria-label=${t("composer.attach")} onChange=${(e) => { attach(e.target.files); e.target.value = ""; }} /><${Btn} kind="bare sm icon" icon="paperclip" label=${t("composer.attach")} onClick=${() => picker.current.click()} />
      <${Btn} kind="bare sm icon" icon="list-numbers" label=${t("composer.buttons")} aria-pressed=${String(Boolean(titles))} onClick=${() => choose(titles ? null : [""])} />`}${!noted && replies.length > 0 && html`<${Btn} kind="bare sm icon" icon="bolt" label=${t("composer.saved_key")} onClick=${() => { keep({ text: "/", note: false }); close(false); box.current.focus(); }} />`}
      <span class="push"></span><kbd class="wide">${MAC ? "⌘ ↵" : "Ctrl ↵"}</kbd><span class="wide"> </span>
      ${!noted && html`<${Btn} kind="bare sm icon" icon="clock-pause" label=${t("composer.and_snooze")} disabled=${!something} onClick=${() => done("snooze")} /><${Btn} kind="bare sm icon" icon="circle-check" label=${t("composer.and_close")} disabled=${!something} onClick=${() => done("close")} />`}
      <button class="btn main sm" disabled=${!something}><${Icon} n=${noted ? "lock" : "send"} />${noted ? t("composer.save_note") : t("composer.send")}</button></div>`}</form>`;
}
