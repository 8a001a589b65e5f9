// A chat as a customer has it, held by the console itself: what is said goes the whole real way, and it is noted when.
import { get, post, query, unique } from "./api.js";
import { useEffect } from "./html.js";
import { may } from "./session.js";
import { store, useStore } from "./store.js";

const WAIT_S = 10, PAUSE = 400, QUIET = 3000, WRONG = 4000;
const chats = new Map(); // channel -> what was said there, kept while the tab is open
const openings = new Map(); // channel -> the session that the first word will have
// A chat of which nothing is counted; who may only read has one like any visitor's.
const opened = (channel) => (may("agent") ? post(`v1/channels/${encodeURIComponent(channel)}/tests`).then((answer) => answer.session, () => "") : "");

export function chatOf(channel) {
  if (!chats.has(channel)) chats.set(channel, store({ session: "", after: "", said: [], last: null, error: null }));
  return chats.get(channel);
}

const rest = (length, signal) => new Promise((on) => {
  const timer = setTimeout(on, length);
  signal.addEventListener("abort", () => { clearTimeout(timer); on(); });
});

// {said, last, error, send(text, payload)} of a web chat; `last` is what was said last: {id, pressed, accepted, shown} in
// ms; an answer may be shown before the post of the question has been answered.
export function useChat(channel) {
  const chat = chatOf(channel), state = useStore(chat), { session } = state;
  const change = (next) => chat.set({ ...chat.get(), ...next });
  useEffect(() => {
    if (!session) return undefined;
    const ended = new AbortController();
    fetching(chat, channel, session, ended.signal);
    return () => ended.abort();
  }, [channel, session]);
  const send = async (text, payload = "") => {
    const id = `console-${unique()}`;
    const mine = (more) => change({ said: chat.get().said.map((one) => (one.id === id ? { ...one, ...more } : one)) });
    const of = (more) => chat.get().last?.key === id && change({ last: { ...chat.get().last, ...more } });
    change({ said: [...chat.get().said, { id, by: "me", text, sending: true }], error: null, last: null });
    try {
      // What is said before the first word was answered belongs to the same visitor.
      if (!chat.get().session && !openings.has(channel)) openings.set(channel, opened(channel));
      const known = chat.get().session || (await openings.get(channel)), pressed = performance.now();
      change({ last: { key: id, id: "", text, pressed, accepted: null, shown: null } });
      const sent = post(`channels/${channel}/webhook`, { text, id, ...(payload ? { postback: payload } : {}), ...(known ? { session: known } : {}) });
      if (!known) openings.set(channel, sent.then((answer) => answer.session, () => ""));
      const answer = await sent;
      mine({ sending: false });
      change({ session: answer.session });
      of({ id: answer.message_id, accepted: performance.now() - pressed });
    } catch (error) {
      mine({ sending: false, unsent: true });
      change({ error, last: chat.get().last?.key === id ? null : chat.get().last });
    }
  };
  return { ...state, send };
}

// What is said to the customer, as long as somebody looks.
async function fetching(chat, channel, session, signal) {
  while (!signal.aborted) {
    if (document.visibilityState !== "visible") {
      await rest(QUIET, signal);
      continue;
    }
    try {
      const { after } = chat.get();
      const answer = await get(query(`channels/${channel}/messages`, { session, after, wait_s: WAIT_S, include: "events" }), { signal });
      heard(chat, answer);
      await rest(answer.data.length || chat.get().last?.shown === null ? PAUSE : QUIET, signal);
    } catch (error) {
      if (error.name !== "AbortError") await rest(WRONG, signal);
    }
  }
}

function heard(chat, { data, next }) {
  const was = chat.get(), there = new Set(was.said.map((one) => one.id));
  const fresh = data.filter((one) => !there.has(one.id)).map((one) => ({
    id: one.id, by: one.type === "event" ? "event" : one.author.kind, name: one.author.name, text: one.text, event: one.content.name,
    agent: one.content.agent?.name, buttons: (one.content.buttons ?? []).filter((button) => button.payload),
  }));
  const { last } = was;
  const shown = last && last.shown === null && fresh.length ? performance.now() - last.pressed : last?.shown;
  chat.set({ ...was, after: next, said: [...was.said, ...fresh], last: last && { ...last, shown } });
}
