// The attempts of a delivery, wherever they are shown: a line for each.
import { code, mark, worked } from "./attempts.js";
import * as deeds from "./deeds.js";
import { html } from "./html.js";
import { Btn, Marks, Status } from "./parts.js";
import { may } from "./session.js";
import { exact, took, whole } from "./time.js";
import { t } from "./words.js";

const LIMIT_MS = 5000;
const DONE = ["delivered", "failed", "expired", "poison", "unknown"];

// When, how long of the time it had, what came of it, and of a failure how the answer began.
export const Attempts = ({ of }) => html`${of.map((attempt) => html`<div class="try"><${Marks} of=${[mark(attempt)]} /><span class="num muted" title=${whole(attempt.at)}>${exact(attempt.at)}</span>
    <span class="track" role="img" aria-label=${t("tries.took", { took: attempt.took_ms ?? 0 })}><i class=${worked(attempt) ? "b-ok" : "b-bad"} style=${{ width: `${Math.max(3, Math.min(100, ((attempt.took_ms ?? 0) / LIMIT_MS) * 100))}%` }}></i></span>
    <span class="num"><b class=${`strong ${worked(attempt) ? "c-ok" : "c-bad"}`}>${code(attempt)}</b>${attempt.took_ms !== null && ` · ${took(attempt.took_ms)}`}</span>
    ${!worked(attempt) && (attempt.response_head || attempt.error) && html`<span class="said">${attempt.response_head || attempt.error}${attempt.done ? ` · ${t("tries.done", { n: attempt.done })}` : ""}</span>`}</div>`)}
  ${!of.length && html`<div class="try"><span></span><span class="muted said">${t("tries.none")}</span></div>`}`;

// The same under a message, with who was told and what can be done.
export function Tries({ one, name, message }) {
  return html`<div class="tries" role="region" aria-label=${t("tries.to", { name })}>
    <header><span class="strong">${t("tries.title", { n: message.sequence, name })}</span><${Status} s=${one.status} />${one.next_attempt_at && html`<span class="muted push">${t("tries.next_at", { at: exact(one.next_attempt_at) })}</span>`}</header>
    <${Attempts} of=${one.attempts} />
    ${may("agent") && one.status === "waiting" && html`<footer><${Btn} kind="sm" icon="player-play" onClick=${() => deeds.tryNow(one.id)}>${t("tries.try")}<//></footer>`}
    ${may("agent") && DONE.includes(one.status) && html`<footer><${Btn} kind="sm" icon="rotate-clockwise" onClick=${() => deeds.replay(one.id)}>${t("tries.again")}<//></footer>`}</div>`;
}
