// A form that somebody else's change has overtaken: who changed what, beside what one has written.
import { get, query } from "./api.js";
import { labelOf } from "./form.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Dialog, Note } from "./parts.js";
import { may, session } from "./session.js";
import { named } from "./setup.js";
import { exact } from "./time.js";
import { known, t } from "./words.js";

const ENTRIES = 20;

// Who changed a resource last, as far as one may know.
async function author(service, id) {
  const { data } = await get(query("v1/audit", { service_id: service, limit: ENTRIES }));
  const actor = data.find((one) => one.subject === id || one.change?.rules?.includes(id))?.actor;
  return actor === session.get().me.id ? t("conflict.you") : (actor && named(actor)) || "";
}

function useAuthor(service, id, at) {
  const [name, set] = useState("");
  useEffect(() => {
    if (may("admin")) author(service, id).then(set, () => {});
  }, [service, id, at]);
  return name || t("conflict.somebody");
}

function shown(value) {
  if (value === null || value === undefined || value === "") return t("form.none");
  if (Array.isArray(value)) return value.map(shown).join(", ") || t("form.none");
  if (typeof value === "object") return JSON.stringify(value);
  if (typeof value === "boolean") return t(value ? "when.yes" : "when.no");
  return named(value) || (known(`value.${value}`) ? t(`value.${value}`) : String(value));
}
const differ = (one, other) => [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => JSON.stringify(one[name] ?? null) !== JSON.stringify(other[name] ?? null));

// While a form is open: it stands otherwise than it was read. `before` and `now` are its fields then and now.
export function Overtaken({ service, id, at, before, now, take }) {
  const name = useAuthor(service, id, at);
  return html`<${Note} k="warn" icon="users" role="status"><b class="strong">${t("conflict.changed", { name, at: exact(at) })}</b> <span class="muted">${differ(before, now).map(labelOf).join(", ")}</span> <${Btn} kind="sm" onClick=${take}>${t("conflict.show")}<//><//>`;
}

// Both, field by field. `mine` is what was written here of the form as it was read, a merge patch.
export function Conflict({ service, id, at, before, now, mine, close, save, take }) {
  const name = useAuthor(service, id, at), theirs = differ(before, now);
  const names = [...new Set([...theirs, ...Object.keys(mine)])];
  const own = (field) => (field in mine ? mine[field] : undefined);
  return html`<${Dialog} title=${t("conflict.title")} kind="wide2" close=${close}><div class="col gap3">
    <p class="mid">${t("conflict.more", { name, at: exact(at) })}</p>
    <div class="tablewrap" tabindex="0" role="region" aria-label=${t("conflict.title")}><table class="list"><thead><tr><th>${t("conflict.field")}</th><th>${t("conflict.was")}</th><th>${name}</th><th>${t("conflict.mine")}</th></tr></thead><tbody>
      ${names.map((field) => html`<tr key=${field}><th scope="row">${labelOf(field)}</th><td class="muted wrapall">${shown(before[field])}</td><td class=${`wrapall ${theirs.includes(field) ? "strong" : "muted"}`}>${shown(now[field])}</td><td class=${`wrapall ${field in mine ? "strong" : "muted"}`}>${field in mine ? (mine[field] !== null && typeof mine[field] === "object" && !Array.isArray(mine[field]) ? JSON.stringify(own(field)) : shown(own(field))) : "–"}</td></tr>`)}</tbody></table></div>
    <div class="row wrap">${Object.keys(mine).length > 0 && html`<${Btn} kind="main" icon="device-floppy" data-first="" onClick=${save}>${t("conflict.save")}<//>`}<${Btn} onClick=${take}>${t("conflict.take")}<//><${Btn} kind="bare" onClick=${close}>${t("do.cancel")}<//></div></div><//>`;
}
