// How a person has signed in, where they still are, and signing them out wherever that is.
import { get, post } from "./api.js";
import * as deeds from "./deeds.js";
import { html, useEffect, useState } from "./html.js";
import { Btn, Card, Dialog, Note, Trouble } from "./parts.js";
import { exact, sameDay, stamp } from "./time.js";
import { t } from "./words.js";

const when = (at) => (sameDay(at, Date.now()) ? exact(at) : `${stamp(at)} ${exact(at)}`);

export function SignIns({ id, name }) {
  const [state, set] = useState({ told: null, error: null }), [asking, ask] = useState(false);
  const read = () => get(`v1/people/${id}/sign-ins`).then((told) => set({ told, error: null }), (error) => set({ told: null, error }));
  useEffect(() => { read(); }, []);
  const { told, error } = state;
  if (error) return html`<${Trouble} error=${error} again=${read} />`;
  if (!told) return null;
  const { account, data } = told, living = data.filter((one) => one.expires_at).length;
  const out = deeds.trying(async (e) => {
    e.preventDefault();
    const { count } = await post(`v1/people/${id}/sign-out`, { forget_account: new FormData(e.target).has("forget") });
    ask(false);
    deeds.say(t("signins.done", { n: count }));
    read();
  });
  return html`<${Card} title=${t("signins.title")} aside=${html`<${Btn} kind="sm" icon="arrow-back-up" onClick=${() => ask(true)}>${t("signins.out")}<//>`}><div class="col gap3">
    ${account && html`<dl class="facts"><dt>${t("signins.account")}</dt><dd>${[account.email, account.issuer].filter(Boolean).join(" · ")}</dd><dt>${t("signins.last")}</dt><dd>${when(account.last_at)}</dd></dl>`}
    ${!data.length ? html`<p class="muted">${t("signins.none")}</p>` : html`<div class="tablewrap"><table class="list stack"><thead><tr><th>${t("signins.at")}</th><th>${t("signins.by")}</th><th>${t("signins.until")}</th></tr></thead>
      <tbody>${data.map((one) => html`<tr key=${one.at}><td class="num">${when(one.at)}</td><td>${one.key_id ? html`${t("signins.key")} <code>${one.key_id}</code>` : t("signins.issuer")}</td><td class=${one.expires_at ? "" : "muted"}>${one.expires_at ? t("signins.lives", { used: when(one.used_at), until: when(one.expires_at) }) : t("signins.over")}</td></tr>`)}</tbody></table></div>`}
    ${asking && html`<${Dialog} title=${t("signins.ask", { name })} close=${() => ask(false)}><form class="col gap3" onSubmit=${out}><p class="mid">${t("signins.more", { n: living })}</p>
      ${account && html`<label class="row"><input type="checkbox" name="forget" /><span>${t("signins.forget")}</span></label>`}<${Note} k="warn">${t("signins.keys")}<//>
      <div class="row"><button class="btn danger grow">${t("signins.out")}</button><${Btn} data-first="" onClick=${() => ask(false)}>${t("do.cancel")}<//></div></form><//>`}</div><//>`;
}
