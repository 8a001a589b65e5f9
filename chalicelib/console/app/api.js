// The API of the same host, with the session's cookie. What is refused is thrown as `Refused`, in words for people.
import { t } from "./words.js";

export const ROOT = new URL("../../../", import.meta.url);
const signedOut = new Set();

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? t(status ? "error.status" : "error.unreachable", { status }));
    this.status = status;
    this.code = problem.code ?? "";
    this.problem = problem;
    this.errors = problem.errors ?? [];
  }
}

// Told whenever an answer says that nobody is signed in.
export const onSignedOut = (hear) => {
  signedOut.add(hear);
  return () => signedOut.delete(hear);
};

export async function call(method, path, body, { key = "", match = "", signal, quiet = false } = {}) {
  const headers = { "X-Parley-Console": "1", Accept: "application/json" };
  if (method !== "GET") headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (match) headers["If-Match"] = `"${match}"`;
  const sent = { method, headers, signal, cache: "no-store", credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(new URL(path, ROOT), sent);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, {});
  }
  const told = answer.status === 204 ? null : await answer.json().catch((error) => {
    if (!answer.ok) return {};
    throw error.name === "AbortError" ? error : new Refused(0, {});
  });
  if (answer.ok) return told;
  if (answer.status === 401 && !quiet) for (const hear of signedOut) hear();
  throw new Refused(answer.status, told ?? {});
}

export const get = (path, more) => call("GET", path, undefined, more);
export const post = (path, body = {}, more = {}) => call("POST", path, body, more);

export function query(path, given) {
  const text = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return text.size ? `${path}?${text}` : path;
}

// Every row of a list that is short by nature: what owners set up.
export async function whole(path, given = {}, cursor = null) {
  const rows = [];
  for (let page = 0; page < 20; page += 1) {
    const answer = await get(query(path, { ...given, limit: 100, cursor }));
    rows.push(...answer.data);
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  return rows;
}

export const unique = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
