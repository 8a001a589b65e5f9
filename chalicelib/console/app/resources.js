// What owners set up, one module for every kind: the list with its health, and one of them with its form.
import { call, get, post, unique, whole } from "./api.js";
import * as deeds from "./deeds.js";
import { Form, labelOf } from "./form.js";
import { Health } from "./health.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { TOLD, fieldOf, kindOf } from "./kinds.js";
import { Later } from "./later.js";
import { Listed, useList } from "./listing.js";
import { Btn, Card, Dialog, Icon, Loading, Note, Page, Reason, Status, Trouble, channelIcon, channelName } from "./parts.js";
import { PAGES } from "./pages.js";
import { go, href } from "./place.js";
import { Replay, Replays } from "./replay.js";
import { blank, choicesOf, description, fieldsOf, modelOf, patch, patched, unreadIn } from "./schema.js";
import { inOrder, placed, told } from "./rule.js";
import { may } from "./session.js";
import { load as loadSetup, named, setup } from "./setup.js";
import { useStore } from "./store.js";
import { stamp } from "./time.js";
import { useUnsaved } from "./unsaved.js";
import { known, t } from "./words.js";

export const title = (page) => t(`nav.${page}`);
const BUILT_IN = ["console", "echo"]; // ours: nothing is called, and nothing can be down
const VERIFIED = ["bots", "desks", "subscriptions"];
const REPLAYED = ["bots", "desks", "subscriptions", "channels"];
const SHOWN = ["webhook_url", "events_url", "event_url", "chat_url", "widget_url", "live_url", "url"];
const USUAL = "webchat"; // of channels: it needs nothing of anybody
const SECRETS = ["verification_token", "access_token"];
const ONCE = ["signing_secret", "token", "bearer_token", "secret"]; // answered once, and kept sealed
const iconOf = (page, one) => (page === "channels" ? channelIcon(one.kind) : PAGES[page].icon);
const kindName = (page, one) => (page === "channels" ? channelName(one.kind) : one.kind ? t(`kind.${one.kind}`) : "");

function about(page, one) {
  if (page === "rules") return t(`rule.${one.to}`, { bot: named(one.bot_id), desk: named(one.desk_id) });
  if (page === "keys") return one.scopes.map((scope) => t(`role.${scope}`)).join(", ");
  if (page === "people") return [t(`role.${one.role}`), one.email].filter(Boolean).join(" · ");
  if (page === "replies") return one.text;
  if (page === "triggers") return [named(one.bot_id), one.schedule].filter(Boolean).join(" · ");
  if (page === "sources") return one.key;
  if (page === "subscriptions") return (one.events ?? []).join(", ");
  return one.webhook_url && page !== "channels" ? one.webhook_url : "";
}

export default function Resources({ page, id, service }) {
  return id ? html`<${One} key=${id} page=${page} id=${id} service=${service} />` : html`<${Every} page=${page} service=${service} />`;
}

function Every({ page, service }) {
  const list = useList(`v1/${page}`, page === "keys" ? {} : { service_id: service }, { every: VERIFIED.includes(page) ? 15_000 : 0 });
  const make = may("admin") && html`<${Btn} kind="main" icon="plus" onClick=${() => go(page, "new")}>${t(`new.${page}`)}<//>`;
  return html`<${Page} title=${t(`nav.${page}`)} lead=${t(`lead.${page}`)} actions=${make}>
    <${Listed} list=${list} empty=${{ icon: PAGES[page].icon, title: t(`none.${page}`), more: t(`none_more.${page}`) }}><${Card} flush=${true}><div class="tablewrap"><table class="list stack">
      <thead><tr><th>${labelOf("name")}</th><th>${t("col.kind")}</th><th>${t("col.about")}</th><th>${t("col.status")}</th></tr></thead>
      <tbody>${list.data.map((one) => html`<tr key=${one.id}><td><a class="row strong" href=${href(page, one.id)}><${Icon} n=${iconOf(page, one)} />${one.name ?? one.shortcut ?? one.id}</a></td><td class="muted">${kindName(page, one)}</td>
        <td class="muted clip address">${about(page, one)}</td><td>${one.status ? html`<${Status} s=${one.status} />` : one.suspended ? html`<${Status} s="suspended" />` : ""}</td></tr>`)}</tbody></table></div><//><//><//>`;
}

function One({ page, id, service }) {
  const fresh = id === "new";
  const [state, set] = useState({ loading: true, error: null, all: null, row: null, values: null, turn: 0 }), [wrong, say] = useState({ fields: {}, text: "" });
  const [busy, wait] = useState(false), [once, show] = useState(null), [removing, ask] = useState(false), [again, replay] = useState(false), [started, start] = useState(""), [clash, meet] = useState(null);
  const { version } = useStore(setup), last = useRef(0); // of the service, when this was read
  const base = state.values && (state.row ? own(state.all, state.model, state.row) : begun(state, service)), saved = useUnsaved(base !== null && Object.keys(patch(base, state.values)).length > 0);
  const read = async () => {
    last.current = setup.get().version;
    try {
      const [doc, row] = await Promise.all([description(), fresh ? null : get(`v1/${page}/${encodeURIComponent(id)}`)]);
      const all = doc.components.schemas, model = modelOf(doc, page);
      set((was) => ({ loading: false, error: null, all, model, row, values: row ? own(all, model, row) : made(all, model, service), turn: was.turn + 1 }));
    } catch (error) {
      set((was) => ({ ...was, loading: false, error }));
    }
  };
  useEffect(() => { read(); }, []);
  // The service's version moves with each change of anything that is set up.
  useEffect(() => {
    if (fresh || !state.row || !version || last.current === version) return;
    last.current = version;
    get(`v1/${page}/${encodeURIComponent(id)}`).then((now) => meet((met) => (met?.now.updated_at > now.updated_at ? met : { now, open: Boolean(met?.open) })), () => {});
  }, [version, state.row]);
  if (state.loading) return html`<${Page} title=${t(`nav.${page}`)}><${Loading} /><//>`;
  if (!state.all) return html`<${Page} title=${t(`nav.${page}`)}><${Trouble} error=${state.error} again=${read} /><//>`;
  const { all, model, row, values } = state, choices = choicesOf(all, model);
  const fields = fieldsOf(all, model, values);
  // Fields keep what is typed: where other values come than were typed, `turn` begins a new form.
  const other = (next) => set({ ...state, ...next, turn: state.turn + 1 });
  const change = (next) => (choices && page !== "rules" && next[choices[0]] !== values[choices[0]] ? other({ values: { ...made(all, model, service, { [choices[0]]: next[choices[0]] }), name: next.name } }) : set({ ...state, values: next }));
  const secret = (path) => (SECRETS.includes(path.slice(1)) || path.startsWith("/secrets/") ? Boolean(row?.[`${path.slice(1)}_set`] ?? row?.secrets_set?.includes(path.slice(9))) : null);
  const refused = (error) => {
    const at = Object.fromEntries(error.errors?.map((one) => [one.path, one.message]) ?? []);
    const placed = Object.keys(at).filter((path) => path.split("/")[1] in fields.properties);
    say(placed.length && placed.length === Object.keys(at).length ? { fields: at, text: t("form.look") } : { fields: at, text: html`<${Reason} error=${error} />` });
    pointed();
  };
  const unsaveable = (error) => (error.problem?.now ? meet({ now: error.problem.now, open: true }) : refused(error));
  // What the form has fields for, and what of it is other than it was read.
  const given = () => Object.fromEntries(Object.entries(values).filter(([name]) => name in fields.properties));
  const written = () => patch(own(all, model, row), given());
  // Nothing is saved or tried with what could not be read; the field is named.
  const unread = () => Object.fromEntries(unreadIn(given()));
  const unreadable = () => {
    const names = Object.keys(unread()).map((path) => path.slice(1).split("/").map(labelOf).join(" › "));
    if (!names.length) return false;
    say({ fields: {}, text: t("form.unread", { names: names.join(", ") }) });
    pointed();
    return true;
  };
  const readable = (given) => {
    if (unreadable()) throw Object.assign(new Error(t("form.look")), { errors: Object.entries(unread()).map(([path, message]) => ({ path, message })) });
    return given();
  };
  const news = clash && row && !busy && clash.now.updated_at > row.updated_at; // one's own saving is none
  const changed = (by, of) => call("PATCH", `v1/${page}/${encodeURIComponent(id)}`, by, { match: of.updated_at });
  const save = async (e) => {
    e.preventDefault();
    if (unreadable()) return;
    wait(true);
    try {
      const answer = fresh ? await post(`v1/${page}`, clean(given()), { key: unique() }) : await changed(written(), row);
      saved();
      say({ fields: {}, text: "" });
      deeds.say(t("done.saved"));
      if (setup.get().service === service) loadSetup(service, 0).catch(() => {});
      const shown = Object.fromEntries(Object.entries({ ...answer, ...answer.secrets }).filter(([name, value]) => value && (ONCE.includes(name) || (fresh && ["key", "events_url"].includes(name)))));
      if (fresh && Object.keys(shown).length) return show({ id: answer.id, shown });
      if (Object.keys(shown).length) show({ shown });
      if (fresh && page === "rules" && given().position === null) await settle(answer);
      if (fresh) return go(page, answer.id);
      set({ ...state, row: answer, values: own(all, model, answer) });
    } catch (error) {
      unsaveable(error);
    } finally {
      wait(false);
    }
  };
  // What somebody else made of it meanwhile: with what was written here, or as it is.
  const overtaken = (keep) => {
    const { now } = clash;
    meet(null);
    other({ row: now, values: keep ? patched(own(all, model, now), written()) : own(all, model, now) });
    return now;
  };
  const saveMine = async () => {
    const mine = written(), now = overtaken(true);
    if (unreadable()) return;
    wait(true);
    try {
      const answer = await changed(mine, now);
      deeds.say(t("done.saved"));
      loadSetup(service, 0).catch(() => {});
      set((was) => ({ ...was, row: answer, values: own(all, model, answer) }));
    } catch (error) {
      unsaveable(error);
    } finally {
      wait(false);
    }
  };
  // All rules, with this one as it stands in the form.
  const proposed = async () => {
    const all = inOrder(await whole("v1/rules", { service_id: service }));
    const mine = { ...clean(given()), ...(fresh ? {} : { id }) };
    if (fresh && mine.position === undefined) return placed(all, mine).map((one, n) => told(one, n + 1));
    return [...all.filter((one) => one.id !== id).map((one) => told(one, one.position)), told(mine, mine.position ?? row.position)];
  };
  // A new rule goes before the one that holds always: behind it, it would never be asked.
  const settle = async (made) => {
    const all = inOrder(await whole("v1/rules", { service_id: service })), others = all.filter((one) => one.id !== made.id);
    const next = placed(others, made), behind = next[next.indexOf(made) + 1];
    if (!behind) return;
    await post("v1/rules:order", { service_id: service, rules: next.map((one) => one.id) });
    deeds.say(t("rules.before", { name: behind.name }));
  };
  const verify = async () => {
    wait(true);
    try {
      await post(`v1/${page}/${id}/verify`);
      deeds.say(t("done.verified", { name: row.name ?? id }));
      say({ fields: {}, text: "" });
    } catch (error) {
      say({ fields: {}, text: html`<${Reason} error=${error} />` });
    } finally {
      // Before anybody writes on: it is read as it was verified.
      await read();
      wait(false);
    }
  };
  const remove = async () => {
    ask(false);
    try {
      await call("DELETE", `v1/${page}/${encodeURIComponent(id)}`);
      saved();
      deeds.say(t("done.removed"));
      loadSetup(service, 0).catch(() => {});
      go(page);
    } catch (error) {
      say({ fields: {}, text: html`<${Reason} error=${error} />` });
    }
  };
  const unsaved = row !== null && Object.keys(written()).length > 0;
  const kept = () => (fresh ? go(page, once.id) : show(null));
  const urls = row ? SHOWN.filter((name) => row[name] && !(name in fields.properties)) : [];
  const actions = html`${row && TOLD.includes(kindOf(id)) && row.kind !== "console" && html`<a class="btn" href=${href("deliveries", "", { [fieldOf(kindOf(id))]: id })}><${Icon} n="truck-delivery" />${t("nav.deliveries")}</a>`}
    ${row && REPLAYED.includes(page) && row.kind !== "console" && may("admin") && html`<${Btn} icon="rotate-clockwise" onClick=${() => replay(true)}>${t("replay.do")}<//>`}
    ${row && VERIFIED.includes(page) && !BUILT_IN.includes(row.kind) && may("admin") && html`<${Btn} icon="shield-check" disabled=${busy || unsaved} title=${unsaved ? t("form.save_first") : undefined} onClick=${verify}>${t("do.verify")}<//>`}
    ${row && may("admin") && html`<${Btn} kind="danger" onClick=${() => ask(true)}>${t("do.remove")}<//>`}`;
  return html`<${Page} title=${row ? row.name ?? row.shortcut ?? id : t(`new.${page}`)} crumb=${html`<a href=${href(page)}>${t(`nav.${page}`)}</a>`} chips=${row?.status && html`<${Status} s=${row.status} />`} actions=${actions}>
    ${state.error && html`<${Trouble} error=${state.error} again=${read} />`}
    ${row && REPLAYED.includes(page) && row.kind !== "console" && html`<${Replays} of=${{ destination_id: id }} begun=${started} />`}
    ${urls.length > 0 && html`<${Card} title=${t("form.addresses")}><dl class="facts">${urls.map((name) => html`<dt>${labelOf(name)}</dt><dd class="row"><code class="grow">${row[name]}</code><${Btn} kind="sm bare icon" icon="copy" label=${t("do.copy")} onClick=${() => copy(row[name])} /></dd>`)}</dl><//>`}
    ${row && VERIFIED.includes(page) && !BUILT_IN.includes(row.kind) && html`<${Health} page=${page} id=${id} name=${row.name ?? id} />`}
    ${row && page === "channels" && html`<${Later} load=${() => import("./healthchannel.js")} what="ChannelHealth" id=${id} name=${row.name ?? id} stands=${(status) => set((was) => (was.row && was.row.status !== status ? { ...was, row: { ...was.row, status } } : was))} />`}
    ${row && page === "people" && html`<${Later} load=${() => import("./signins.js")} what="SignIns" id=${id} name=${row.name} />`}
    <form onSubmit=${save} novalidate><${Card} title=${t("form.settings")} aside=${row && html`<span class="small muted">${t("form.changed", { at: stamp(row.updated_at) })}</span>`}><div class="col gap4 form">
      ${wrong.text && html`<${Note} k="bad" icon="alert-triangle" role="alert">${wrong.text}<//>`}
      ${news && !clash.open && html`<${Later} load=${conflicts} what="Overtaken" service=${service} id=${id} at=${clash.now.updated_at} before=${own(all, model, row)} now=${own(all, model, clash.now)} take=${() => meet({ ...clash, open: true })} />`}
      ${news && clash.open && html`<${Later} load=${conflicts} what="Conflict" service=${service} id=${id} at=${clash.now.updated_at} before=${own(all, model, row)} now=${own(all, model, clash.now)} mine=${hidden(written())} close=${() => meet({ ...clash, open: false })} save=${saveMine} take=${() => overtaken(false)} />`}
      <fieldset class="col gap4 bare" disabled=${!may("admin") || busy}>
      ${fresh && choices && html`<div class="formrow"><label class="label" for="choice">${labelOf(choices[0])}</label><select id="choice" class="field" value=${values[choices[0]]} onChange=${(e) => change({ ...values, [choices[0]]: e.target.value })}>${choices[1].map((one) => html`<option value=${one}>${page === "channels" ? channelName(one) : known(`value.${one}`) ? t(`value.${one}`) : known(`kind.${one}`) ? t(`kind.${one}`) : one}</option>`)}</select></div>`}
      <${Form} key=${state.turn} all=${all} fields=${fields} values=${values} set=${change} wrong=${wrong.fields} hidden=${["service_id", ...(choices && (fresh || page === "channels" || page === "desks") ? [choices[0]] : []), ...(page === "bots" ? ["kind"] : []), ...(page === "rules" ? foreign(values.to) : [])]} secret=${secret} />
      ${may("admin") && html`<div class="row wrap"><button class="btn main"><${Icon} n="device-floppy" />${t(fresh ? "do.make" : "do.save")}</button>${page === "rules" && html`<${Later} load=${() => import("./compare.js")} what="Compare" service=${service} rules=${() => readable(proposed)} />`}${fresh && html`<a class="btn" href=${href(page)}>${t("do.cancel")}</a>`}</div>`}</fieldset></div><//></form>
    ${page === "sources" && html`<${Later} load=${() => import("./sourcetry.js")} what="SourceTrial" service=${service} source=${row} values=${values} mapping=${() => readable(() => clean(values.mapping ?? {}))} />`}
    ${once && html`<${Dialog} title=${t("form.once")} close=${kept}><div class="col gap3"><${Note} k="warn" icon="key">${t("form.once_more")}<//>${Object.entries(once.shown).map(([name, value]) => html`<div><span class="label">${labelOf(name)}</span><div class="row"><code class="grow wrapall">${value}</code><${Btn} kind="sm bare icon" icon="copy" label=${t("do.copy")} onClick=${() => copy(value)} /></div></div>`)}<${Btn} kind="main" onClick=${kept}>${t("do.kept")}<//></div><//>`}
    ${again && html`<${Replay} id=${id} name=${row.name ?? id} close=${() => replay(false)} done=${(job) => { replay(false); start(job.id); }} />`}
    ${removing && html`<${Dialog} title=${t("form.remove", { name: row.name ?? id })} close=${() => ask(false)}><p class="mid">${t("form.remove_more")}</p><div class="row"><${Btn} kind="danger grow" onClick=${remove}>${t("do.remove")}<//><${Btn} data-first="" onClick=${() => ask(false)}>${t("do.cancel")}<//></div><//>`}<//>`;
}

// The first field that is wrong, once it is drawn so: it may be folded away, or far from the button.
const pointed = () => setTimeout(() => {
  const field = document.querySelector("main [aria-invalid=true]"), folded = field?.closest("details");
  if (folded) folded.open = true;
  field?.focus();
});

const conflicts = () => import("./conflict.js");

// Of a rule: what is for others than it goes to.
const foreign = (to) => [...(to.includes("bot") ? [] : ["bot_id", "bot_patience_s", "on_bot_failure"]), ...(to === "none" ? ["desk_id"] : [])];

async function copy(text) {
  await navigator.clipboard.writeText(text);
  deeds.say(t("done.copied"));
}

// A new one as the description has it, and one that stands without what is only answered.
function made(all, model, service, given = {}) {
  const choices = choicesOf(all, model);
  const first = { service_id: service, ...(choices ? { [choices[0]]: choices[1].includes(USUAL) ? USUAL : choices[1][0] } : {}), ...given };
  const { properties } = fieldsOf(all, model, first);
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, first[name] ?? blank(all, schema)]));
}
const begun = ({ all, model, values }, service) => {
  const [choice] = choicesOf(all, model) ?? [];
  return made(all, model, service, choice ? { [choice]: values[choice] } : {});
};
// Of secrets nothing is read: an empty text leaves one as it is, and null removes it.
const unwritten = (name, schema) => (SECRETS.includes(name) ? "" : name === "secrets" ? Object.fromEntries(Object.keys(schema.properties ?? {}).map((one) => [one, ""])) : undefined);
const own = (all, model, row) => {
  const { properties } = fieldsOf(all, model, row);
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, unwritten(name, schema) ?? row[name] ?? (schema.nullable ? null : blank(all, schema))]));
};
// What was written, as it may be shown.
const covered = (value) => (value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, covered(one)])) : value && "•••");
const hidden = (written) => Object.fromEntries(Object.entries(written).map(([name, value]) => [name, SECRETS.includes(name) || name === "secrets" ? covered(value) : value]));
// Nothing is not sent: an empty field is one that was left out.
const clean = (given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== "").map(([name, value]) => [name, value && typeof value === "object" && !Array.isArray(value) ? clean(value) : value]));

