// What goes with an answer beside words: files, which are put where the API says before it is sent, and buttons.
import { post, unique } from "./api.js";
import { say } from "./deeds.js";
import { html } from "./html.js";
import { Btn, Icon, channelName } from "./parts.js";
import { LANGUAGE, t } from "./words.js";

const MOST_FILES = 10;
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
  return html`<fieldset class="held col gap1"><legend class="unseen">${t("buttons.title")}</legend>${titles.map((one, n) => html`<div class="row gap1"><input class="field sm grow" data-first=${n === 0 ? "" : undefined} aria-label=${t("buttons.nth", { n: n + 1 })} placeholder=${t("buttons.nth", { n: n + 1 })} maxlength=${title ?? 256} value=${one} onInput=${(e) => change(n, e.target.value)} />
    <${Btn} kind="bare sm icon" icon="x" label=${t("buttons.remove", { n: n + 1 })} onClick=${() => set(titles.length > 1 ? titles.filter((_, at) => at !== n) : null)} /></div>`)}
    <div class="row wrap">${titles.length < most && html`<${Btn} kind="sm" icon="plus" onClick=${() => set([...titles, ""])}>${t("buttons.add")}<//>`}<span class="small muted">${t("buttons.most", { n: most, channel: channelName(channel) })}${title && ` ${t("buttons.long", { n: title })}`}</span></div>
    ${new Set(filled).size < filled.length && html`<p class="small c-bad" role="alert">${t("buttons.twice")}</p>`}
    ${!takes.types.includes("buttons") && filled.length > 0 && html`<div class="small"><span class="muted">${t("buttons.as_text", { channel: channelName(channel) })}</span><div class="bubble text">${[text.trim(), ...filled.map((one, n) => `${n + 1}. ${one}`)].filter(Boolean).join("\n")}</div></div>`}</fieldset>`;
}
