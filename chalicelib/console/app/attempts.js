// What the attempts of a delivery say.
import { known, t } from "./words.js";

// A desk of the console is told without a call: there is nothing that could have failed.
export const worked = (attempt) => !attempt.error && (!attempt.status_code || (attempt.status_code >= 200 && attempt.status_code < 300));
export const mark = (attempt) => (worked(attempt) ? "ok" : "bad");
export const marks = (attempts, next) => [...attempts.map(mark), ...(next ? ["next"] : [])];
export const code = (attempt) => (attempt ? attempt.error && !attempt.status_code ? (known(`attempt.${attempt.error}`) ? t(`attempt.${attempt.error}`) : attempt.error) : String(attempt.status_code ?? "") : "");
