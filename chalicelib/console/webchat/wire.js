// Talking to the server: one call, and the polls for what is new.
const LONG_POLL_S = 20;
const LIVE_MS = 20000; // for so long after the last word an open chat waits at the server for the next one
const CALM_WAIT_MS = 2500; // then it asks, without waiting there
const QUIET_MS = 300000; // after so long without a word it asks seldom
const QUIET_WAIT_MS = 30000;
const CLOSED_WAIT_MS = 60000; // a closed chat only keeps its badge up to date
const MOST_WAIT_S = 3600;

function retryAfter_ms(answer) { // seconds or a date; never earlier than told
  const given = answer.headers.get("Retry-After");
  if (!given || ![429, 503].includes(answer.status)) return 0;
  const ms = Number(given) >= 0 ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return ms > 0 ? Math.min(ms, MOST_WAIT_S * 1000) * (1 + Math.random() / 10) : 0;
}

async function ask(path, init, limit_ms) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limit_ms);
  try {
    const answer = await fetch(root + path, {
      method: init.method, body: init.body, headers: init.body ? { "Content-Type": "application/json" } : {},
      signal: abort.signal, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
    });
    let body = {};
    try { body = await answer.json(); } catch { /* an error page, or nothing */ }
    return { status: answer.status, body: body || {}, wait_ms: retryAfter_ms(answer) };
  } catch {
    return { status: 0, body: {}, wait_ms: 0 }; // no connection, or no answer in time
  } finally {
    clearTimeout(timer);
  }
}

const post = (body) => ask("/webhook", { method: "POST", body: JSON.stringify(body) }, 15000);

function fetched(query) {
  return ask(`/messages?${new URLSearchParams({ session, ...query })}`, { method: "GET" }, (LONG_POLL_S + 10) * 1000);
}

// A chat that nobody has opened on this page only counts what is new since all was read; with its first opening the whole
// conversation is asked for, both sides, until the server has nothing older to show.
let unopened = !fullPage;
let history = fullPage;
let after = unopened ? read("after") || "" : "";
let asking = 0; // which beginning the answer to a poll belongs to
let catchUp = false; // seen again: the visitor may have written in another window meanwhile
let failures = 0;
let lastHeard = Date.now();
let polling = false;
let heldUntil = 0; // what Retry-After asked for, which nothing that happens here makes shorter
let interrupt = () => {};

function pause(ms) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    interrupt = () => { clearTimeout(timer); done(); };
  });
}

function wakeUp() {
  interrupt();
  poll();
}

function restOf(took_ms) { // after an answer without messages
  const silent_ms = Date.now() - lastHeard;
  if (!isOpen()) return about(CLOSED_WAIT_MS);
  if (silent_ms > QUIET_MS) return about(QUIET_WAIT_MS);
  if (silent_ms > LIVE_MS) return about(CALM_WAIT_MS);
  return took_ms < 1000 ? 1000 : 0; // the server did not wait, so we do
}

function beginAnew() {
  [unopened, history, after, unread] = [false, true, "", []];
  asking += 1;
  paintItems();
}

function come(next, data) { // so far, and never back: a socket may be ahead of a poll
  const moved = Number(next) - Number(after);
  if (moved > 0) {
    after = next;
    unheard().slice(0, Math.max(0, moved - data.length)).forEach((row) => { row.untold = false; });
  }
  allRead();
}

async function poll() {
  if (polling) return;
  polling = true;
  while (session && !document.hidden && !told()) {
    if (mayConnect()) {
      await connect();
      continue;
    }
    if (heldUntil > Date.now()) await sleep(heldUntil - Date.now());
    const begun = Date.now();
    const everything = history || catchUp;
    // Not for long where a socket is to be tried again soon.
    const live_s = isOpen() && !everything && refused !== 1 ? Math.ceil((LIVE_MS - (begun - lastHeard)) / 1000) : 0;
    const include = unopened ? {} : { include: everything ? "all,events" : "events" };
    const query = { wait_s: Math.max(0, Math.min(LONG_POLL_S, live_s)), ...include };
    const asked = asking;
    const answer = await fetched(after ? { ...query, after } : query);
    if (asked !== asking) continue;
    if (answer.status === 200 && Array.isArray(answer.body.data)) {
      failures = 0;
      trouble(false);
      answer.body.data.forEach(show);
      come(answer.body.next, answer.body.data);
      if (answer.body.data.length) lastHeard = Date.now();
      else if (everything) loaded();
      else await pause(restOf(Date.now() - begun));
    } else if (answer.status === 422) {
      keepSession(null); // the stored session is none of this server's
      loaded();
    } else {
      failures += 1;
      if (failures > 1) trouble(true);
      if (answer.wait_ms) heldUntil = Date.now() + answer.wait_ms;
      else await pause(backoff(failures));
    }
  }
  polling = false;
  if (!session) loaded();
}

function loaded() {
  history = catchUp = false;
  log.setAttribute("aria-busy", "false");
}
