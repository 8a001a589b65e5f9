// Signing in: by whose word the deployment names, or with a key, which is exchanged for a session and not kept.
import { get, ROOT } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { Icon, Note } from "./parts.js";
import { signIn } from "./session.js";
import { t } from "./words.js";

// Where one wanted to be, for when one is back.
const back = () => location.hash.startsWith("#/") && sessionStorage.setItem("after", location.hash);

export function SignIn({ error }) {
  const [wrong, say] = useState(error?.status === 401 ? t("signin.wrong") : error?.message ?? ""), [busy, wait] = useState(false), [by, set] = useState(null);
  useEffect(() => { get("console/oidc", { quiet: true }).then(({ name }) => set(name), () => {}); }, []);
  const submit = async (e) => {
    e.preventDefault();
    wait(true);
    try {
      await signIn(new FormData(e.target).get("key"));
    } catch (refused) {
      say(refused.status === 401 ? t("signin.wrong") : refused.message);
      wait(false);
    }
  };
  return html`<main class="signin"><section class="card" aria-label=${t("signin.title")}><div class="body col gap4">
    <div class="row gap3"><img src=${new URL("./favicon.svg", import.meta.url).href} alt="" width="36" height="36" /><h1>${t("signin.title")}</h1></div>
    ${wrong && html`<${Note} k="bad" icon="alert-triangle" role="alert">${wrong}<//>`}
    ${by && html`<a class="btn main" href=${new URL("console/oidc/start", ROOT).href} onClick=${back}><${Icon} n="login" />${t("signin.by", { name: by })}</a><p class="small muted">${t("signin.or")}</p>`}
    <form class="col gap3" onSubmit=${submit}><div class="formrow"><label class="label" for="key">${t("signin.key")}</label>
      <input id="key" name="key" class="field mono" type="password" placeholder="pk_…" autocomplete="off" spellcheck="false" required autofocus /></div>
      <button class=${`btn ${by ? "" : "main"}`} disabled=${busy}><${Icon} n="login" />${t("signin.do")}</button></form>
    <p class="small muted">${t("signin.kept")}</p></div></section></main>`;
}
