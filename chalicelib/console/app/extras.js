// What goes with an answer beside words: files, which are put where the API says before it is sent, and buttons. And
// what goes in its place when nothing else may: a template that the provider has approved, with its blanks filled in.
import { get, post, query, unique } from "./api.js";
import { say } from "./deeds.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { segments, size as long } from "./lengths.js";
import { Btn, Icon, Loading, Trouble, channelName } from "./parts.js";
import { LANGUAGE, t } from "./words.js";

const MOST_FILES = 10;
// Enter in a field of the composer's form would send the form.
const still = (e) => e.key === "Enter" && e.preventDefault();
const MB = new Intl.NumberFormat(LANGUAGE, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });
const size = (bytes) => MB.format(Math.max(0.1, bytes / 1_048_576));
const fits = (type, of) => (of.endsWith("*") ? type.startsWith(of.slice(0, -1)) : of === type);

// Why the channel would not take a file; empty where it does.
function refused({ name, type, size: bytes }, takes) {
  const limit = takes.files.find((one) => one.types.some((of) => fits(type, of)));
  if (!limit) return t("attach.type", { name, type: type || "?" });
  return bytes > limit.most_bytes ? t("attach.large", { name, most: size(limit.most_bytes) }) : bytes ? "" : t("attach.empty", { name });
}

const put = (place, file, told) => new Promise((done, failed) => {
  const form = new FormData(), request = new XMLHttpRequest();
  for (const [name, value] of Object.entries(place.fields)) form.append(name, value);
  form.append("file", file);
  request.upload.onprogress = (e) => e.lengthComputable && told(e.loaded / e.total);
  request.onload = () => (request.status < 300 ? done() : failed(new Error(t("attach.refused"))));
  request.onerror = () => failed(new Error(t("attach.failed")));
  request.open("POST", place.url);
  request.send(form);
});

// `have(change)` changes the list of files: {key, name, type, size, done, media?, error?, again?}.
export function add(conversation, takes, given, there, have) {
  const wrong = given.map((file) => refused(file, takes)).filter(Boolean);
  const taken = given.filter((file) => !refused(file, takes)).slice(0, Math.max(0, MOST_FILES - there));
  if (taken.length + wrong.length < given.length) wrong.push(t("attach.many", { n: MOST_FILES }));
  if (wrong.length) say(wrong.join(" "), true);
  for (const file of taken) {
    const key = unique(), { name, type } = file;
    const change = (by) => have((was) => was.map((one) => (one.key === key ? { ...one, ...by } : one)));
    const upload = async () => {
      change({ error: "", done: 0 });
      try {
        const { files: [place] } = await post(`v1/conversations/${encodeURIComponent(conversation)}/files`, { files: [{ name, mime_type: type, size: file.size }] });
        await put(place, file, (done) => change({ done }));
        change({ media: place.media });
      } catch (error) {
        change({ error: error.message });
      }
    };
    have((was) => [...was, { key, name, type, size: file.size, done: 0, again: upload }]);
    upload();
  }
}

export const Files = ({ files, have }) => html`<ul class="held" aria-label=${t("attach.files")}>${files.map((one) => html`<li class="row gap1" key=${one.key}><${Icon} n=${one.error ? "alert-triangle" : one.type.startsWith("image/") ? "photo" : "paperclip"} c=${one.error ? "c-bad" : ""} /><span class="clip">${one.name}</span>
  ${one.error ? html`<span class="small c-bad grow" role="alert">${one.error}</span><${Btn} kind="sm" icon="refresh" onClick=${one.again}>${t("error.again")}<//>` : one.media ? html`<span class="small muted grow num">${size(one.size)}</span>` : html`<progress class="grow" value=${one.done} aria-label=${t("attach.progress", { name: one.name })}></progress>`}
  <${Btn} kind="bare sm icon" icon="x" label=${t("attach.remove", { name: one.name })} onClick=${() => have((was) => was.filter((other) => other.key !== one.key))} /></li>`)}</ul>`;

// Buttons, and what they become where the channel has none.
export function Choices({ titles, set, takes, text, channel }) {
  const { most, title } = takes.buttons, filled = titles.map((one) => one.trim()).filter(Boolean);
  const change = (n, value) => set(titles.map((one, at) => (at === n ? value : one)));
  // Enter goes to the next button, and makes one after the last.
  const next = (e, n) => {
    if (e.key !== "Enter") return;
    e.preventDefault();
    const list = e.target.closest("fieldset");
    if (n === titles.length - 1 && titles[n].trim() && titles.length < most) set([...titles, ""]);
    setTimeout(() => list.querySelectorAll("input")[n + 1]?.focus());
  };
  return html`<fieldset class="held col gap1"><legend class="unseen">${t("buttons.title")}</legend>${titles.map((one, n) => html`<div class="row gap1"><input class="field sm grow" data-first=${n === 0 ? "" : undefined} aria-label=${t("buttons.nth", { n: n + 1 })} placeholder=${t("buttons.nth", { n: n + 1 })} maxlength=${title ?? 256} value=${one} onInput=${(e) => change(n, e.target.value)} onKeyDown=${(e) => next(e, n)} />
    <${Btn} kind="bare sm icon" icon="x" label=${t("buttons.remove", { n: n + 1 })} onClick=${() => set(titles.length > 1 ? titles.filter((_, at) => at !== n) : null)} /></div>`)}
    <div class="row wrap">${titles.length < most && html`<${Btn} kind="sm" icon="plus" onClick=${() => set([...titles, ""])}>${t("buttons.add")}<//>`}<span class="small muted">${t("buttons.most", { n: most, channel: channelName(channel) })}${title && ` ${t("buttons.long", { n: title })}`}</span></div>
    ${takes.body && filled.length > 0 && long(text.trim(), takes.counted) > takes.body && html`<p class="small" role="status">${t("buttons.long_text", { n: takes.body })}</p>`}
    ${new Set(filled).size < filled.length && html`<p class="small c-bad" role="alert">${t("buttons.twice")}</p>`}
    ${!takes.types.includes("buttons") && filled.length > 0 && html`<div class="small"><span class="muted">${t("buttons.as_text", { channel: channelName(channel) })}</span><div class="bubble text">${[text.trim(), ...filled.map((one, n) => `${n + 1}. ${one}`)].filter(Boolean).join("\n")}</div></div>`}</fieldset>`;
}

// How much room is left, where that is little, or how many SMS it is.
export function Counter({ takes, text }) {
  const said = text.trim();
  if (takes.sms) {
    const { count, left, encoding } = segments(said);
    return html`<div class="held small muted row wrap"><span role="status">${t("count.sms", { n: count })}</span><span class="num">${t("count.left", { n: left })}</span>${encoding === "UCS-2" && html`<span role="status">${t("count.ucs2")}</span>`}</div>`;
  }
  const left = takes.text - long(said, takes.counted);
  return html`<div class="held small muted num">${left >= 0 ? t("count.left", { n: left }) : html`<span role="status">${t("count.several", { n: Math.ceil(1 - left / takes.text) })}</span>`}</div>`;
}

// ---- templates ----

const PAGE = 25;
const BLANK = /\{\{\s*(\w+)\s*\}\}/g;
const filled = (text, values) => text.replace(BLANK, (all, name) => values[name]?.trim() || all);

export function Picker({ channel, pick }) {
  const [words, find] = useState(""), [chosen, choose] = useState(null), [turn, again] = useState(0);
  const [{ data, cursor, error }, set] = useState({ data: null, cursor: null, error: null });
  const read = async (after, now = () => true) => {
    try {
      const answer = await get(query(`v1/channels/${encodeURIComponent(channel)}/templates`, { search: words.trim(), limit: PAGE, cursor: after }));
      if (now()) set((was) => ({ data: after ? [...was.data, ...answer.data] : answer.data, cursor: answer.next_cursor, error: null }));
    } catch (wrong) {
      if (now()) set((was) => ({ ...was, error: wrong }));
    }
  };
  useEffect(() => {
    let now = true;
    const timer = setTimeout(() => read(null, () => now), words ? 300 : 0);
    return () => { now = false; clearTimeout(timer); };
  }, [words, turn]);
  if (chosen) return html`<${Filling} of=${chosen} back=${() => choose(null)} pick=${(said) => { choose(null); pick(said); }} />`;
  return html`<div class="held col gap1"><p class="small muted">${t("template.why")}</p>
    <div class="find"><${Icon} n="search" /><input class="field sm" type="search" aria-label=${t("template.find")} placeholder=${t("template.find")} value=${words} onInput=${(e) => find(e.target.value)} onKeyDown=${still} /></div>
    ${error ? html`<${Trouble} error=${error} again=${() => again(turn + 1)} />` : !data ? html`<${Loading} rows=${2} />` : html`<ul class="saved" aria-label=${t("template.title")}>
      ${data.map((one) => html`<li key=${`${one.name} ${one.language}`}><button type="button" class="btn bare grow start" disabled=${!one.fillable} onClick=${() => choose(one)}><b class="strong">${one.name}</b><span class="small muted">${one.language}</span><span class="small muted clip">${one.fillable ? one.body : t("template.needs_more")}</span></button></li>`)}
      ${!data.length && html`<li class="muted">${t("template.none")}</li>`}</ul>`}
    ${cursor && html`<${Btn} kind="sm" onClick=${() => read(cursor)}>${t("list.more")}<//>`}</div>`;
}

function Filling({ of, back, pick }) {
  const [values, fill] = useState({}), first = useRef();
  useEffect(() => first.current?.focus(), []);
  const missing = of.placeholders.some((name) => !values[name]?.trim()), text = filled(of.body, values);
  const numbered = of.placeholders.every((name) => /^\d+$/.test(name));
  const parameters = numbered ? of.placeholders.map((name) => values[name]?.trim()) : Object.fromEntries(of.placeholders.map((name) => [name, values[name]?.trim()]));
  const said = [of.header, text, of.footer].filter(Boolean).join("\n");
  return html`<div class="held col gap1"><div class="row gap1"><${Btn} kind="bare sm icon" icon="chevron-left" label=${t("template.back")} onClick=${back} /><b class="strong clip">${of.name}</b><span class="small muted">${of.language}</span></div>
    ${of.placeholders.map((name, n) => html`<label class="row gap1" key=${name}><span class="num muted">${`{{${name}}}`}</span><input class="field sm grow" maxlength="1024" aria-label=${t("template.value", { name })} ref=${n ? undefined : first} value=${values[name] ?? ""} onInput=${(e) => fill({ ...values, [name]: e.target.value })} onKeyDown=${still} /></label>`)}
    <div class="bubble desk" aria-label=${t("template.preview")}><span class="text">${said}</span>${of.buttons.length > 0 && html`<div class="choices">${of.buttons.map((title) => html`<span>${title}</span>`)}</div>`}</div>
    <div class="row"><span class="push"></span><button type="button" class="btn main sm" disabled=${missing} onClick=${() => pick({ text: said, messagetype: "template", template: { name: of.name, language: of.language, parameters } })}><${Icon} n="send" />${t("composer.send")}</button></div></div>`;
}
