// What changes elsewhere: one question every two seconds while somebody looks, whose answer all tabs of the browser hear,
// and every 15 beside a socket. The cursor is the truth; what comes twice has a version, and an older one is passed over.
import { post } from "./api.js";
import { load as loadRows, apply, rows } from "./rows.js";
import { load as loadSetup, setup } from "./setup.js";
import { store } from "./store.js";

const QUICK = 2000, SLOW = 15_000, IDLE = 10_000, IDLE_AFTER = 120_000, ANEW_AFTER = 60_000, OLD = 8000;
export const live = store({ at: Date.now(), told: 0, presence: [], visitor: null, versions: {} });
export const open = store(null); // {conversation, watch, typing}: what this page looks at
let touched = Date.now(), told = false;
for (const kind of ["pointerdown", "keydown", "pointermove", "focus"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });

export const stale = (now = Date.now()) => document.visibilityState === "visible" && now - live.get().at > Math.max(OLD, pause() + OLD);
const pause = () => (told ? SLOW : Date.now() - touched > IDLE_AFTER ? IDLE : QUICK);

export function start(service, me) {
  const name = `parley ${service} ${me}`;
  const channel = new BroadcastChannel(name);
  const done = new AbortController();
  let cursor = null, anewAt = 0, again = false, end = () => {}, others = null, socket = null;
  const wake = () => { again = true; end(); };

  const heard = (answer) => {
    apply(service, answer.changes);
    const was = live.get(), later = was.told > answer.asked; // what a socket told meanwhile is newer
    live.set({ at: Date.now(), told: was.told, presence: later ? was.presence : answer.presence, visitor: later ? was.visitor : answer.visitor_typing ? answer.open : null, versions: answer.versions.threads ?? {} });
    const version = answer.versions.config ?? 0;
    const known = setup.get();
    if (!version || known.service !== service || known.version === version) return;
    // What was read as the page opened is of this version, or of one a moment before.
    if (known.version) loadSetup(service, version).catch(() => {});
    else setup.set({ ...known, version });
  };
  const hear = ({ changes = [], presence, conversation_id, ...more }) => {
    const now = live.get();
    apply(service, changes);
    live.set({ ...now, at: Date.now(), told: presence || "visitor" in more ? Date.now() : now.told, presence: presence ? [...now.presence.filter((one) => one.conversation_id !== conversation_id), ...presence] : now.presence, visitor: "visitor" in more ? more.visitor : now.visitor });
  };
  const everything = async () => {
    anewAt = Date.now();
    await Promise.all(["mine", "queue", "mentions", ...Object.keys(rows.get().loaded).filter((list) => list === "all" || list === "snoozed")].map((list) => loadRows(service, list)));
  };
  const looked = () => (document.hasFocus() || !others ? open.get() : others);
  const beat = async () => {
    again = false;
    const asked = Date.now();
    const mine = looked();
    const said = await post("v1/console/beat", { service_id: service, cursor, open: mine?.conversation ?? null, typing: Boolean(mine?.typing), watch: mine?.watch ?? [], socket: socket?.name() }, { signal: done.signal });
    const answer = { ...said, asked, open: mine?.conversation ?? null };
    cursor = answer.cursor;
    socket?.beat(answer);
    told = Boolean(socket?.known()) && (!mine || rows.get().byId.has(mine.conversation)); // of a bot's no socket tells
    heard(answer);
    channel.postMessage({ answer, told });
    // What was opened meanwhile is said at once, as the next beat may be a while away.
    if (told && looked() !== mine) again = true;
    // What comes too late for the cursor, or is more than one answer holds, stands in the lists.
    if (answer.missed || Date.now() - anewAt > ANEW_AFTER) await everything();
  };
  const rest = (length) => new Promise((on) => {
    const until = Date.now() + length;
    const timer = setInterval(() => (again || Date.now() >= until) && end(), 500); // one timeout would not count a laptop's sleep
    end = () => { clearInterval(timer); on(); };
    if (again) end();
  });
  const lead = async () => {
    let wrong = 0;
    while (!done.signal.aborted && document.visibilityState === "visible") {
      try {
        await beat();
        wrong = 0;
      } catch (error) {
        if (error.name === "AbortError" || error.status === 401) return;
        if (error.code === "bad_cursor") return location.reload(); // another person has signed in in another tab
        wrong += 1;
        socket?.failed();
      }
      await rest(wrong ? Math.min(30_000, QUICK * 2 ** wrong) : pause());
    }
  };
  // Beside a socket, of which the other tabs hear too.
  const beside = async () => {
    let over = false;
    import("./socket.js").then(({ connect }) => {
      if (over) return;
      socket = connect(service, (frame) => { hear(frame); channel.postMessage({ frame }); }, () => { told = false; wake(); });
    }, () => {});
    await lead();
    over = true;
    socket?.close();
    [socket, told] = [null, false];
  };
  const run = async () => {
    while (!done.signal.aborted) {
      if (document.visibilityState === "visible") {
        const turn = new AbortController();
        const hidden = () => document.visibilityState !== "visible" && (turn.abort(), wake());
        document.addEventListener("visibilitychange", hidden);
        try {
          // Locks are there by https and on this machine alone; elsewhere each tab asks for itself.
          await (navigator.locks ? navigator.locks.request(name, { signal: turn.signal }, beside) : beside());
        } catch (error) {
          if (error.name !== "AbortError") throw error;
        }
        document.removeEventListener("visibilitychange", hidden);
      }
      if (!done.signal.aborted && document.visibilityState !== "visible") await seen();
      else await rest(QUICK);
    }
  };
  const seen = () => new Promise((on) => {
    const look = () => (document.visibilityState === "visible" || done.signal.aborted) && (document.removeEventListener("visibilitychange", look), on());
    document.addEventListener("visibilitychange", look);
    done.signal.addEventListener("abort", on);
  });
  channel.onmessage = ({ data }) => {
    if (data.answer) {
      heard(data.answer);
      if (data.answer.missed) everything().catch(() => {});
      channel.postMessage({ touched });
      told = data.told;
    }
    if (data.frame) hear(data.frame);
    if (data.touched) touched = Math.max(touched, data.touched);
    if ("open" in data) {
      others = data.open;
      if (told) wake();
    }
    if (data.soon) wake();
  };
  const unheard = open.hear(() => {
    channel.postMessage({ open: open.get() });
    if (told) wake();
  });
  const here = () => channel.postMessage({ open: open.get() }), away = () => channel.postMessage({ open: null });
  addEventListener("focus", here);
  addEventListener("pagehide", away);
  soon = () => { wake(); channel.postMessage({ soon: true }); };
  // A cursor reaches back some seconds before it was first given, so the lists need not wait for it.
  everything().catch(() => {});
  run();
  return () => {
    done.abort();
    wake();
    unheard();
    removeEventListener("focus", here);
    removeEventListener("pagehide", away);
    channel.close();
  };
}

// Ask at once: something was done here that others did not see yet.
export let soon = () => {};
