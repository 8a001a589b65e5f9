// One conversation as this page knows it: its messages with their attempts, read again when something happened.
import { get, query } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { live, open } from "./live.js";
import { useStore } from "./store.js";
import { ms } from "./time.js";

const PAGE = 50, UNDONE_EVERY = 4000;
const YOUNG = 120_000;
// Whether something about a message is still to come; a channel whose pages fetch for themselves never says so.
const undone = (message) => message.deliveries.some((one) => one.status === "pending" || one.status === "waiting") || (message.state === "pending" && age(message) < YOUNG);
const age = (message) => Date.now() - ms(message.sent_at);

function merged(before, found) {
  const byId = new Map(before.map((one) => [one.id, one]));
  for (const one of found) byId.set(one.id, one);
  return [...byId.values()].sort((one, other) => one.sequence - other.sequence);
}

// {data, conversation, conversations, cursor, error, loading, older(), again()} of a conversation; `version` is that of its
// thread as heard elsewhere: a higher one has it read again.
export function useTimeline(id, version) {
  const [state, set] = useState({ data: [], conversation: null, conversations: [], cursor: null, error: null, loading: true });
  const { versions } = useStore(live);
  const mine = useRef(0);
  const path = `v1/conversations/${encodeURIComponent(id)}/timeline`;
  const again = async () => {
    const round = (mine.current += 1);
    try {
      const answer = await get(query(path, { limit: PAGE }));
      if (round !== mine.current) return;
      set((was) => {
        // Where more came than a page holds, what was here before is left, and read again from its end.
        const joins = !answer.next_cursor || answer.data.some((one) => was.data.some((old) => old.id === one.id));
        return {
          ...was, data: joins ? merged(was.data, answer.data) : answer.data, conversation: answer.conversation, conversations: answer.conversations,
          cursor: joins && was.data.length ? was.cursor : answer.next_cursor, error: null, loading: false,
        };
      });
    } catch (error) {
      if (round === mine.current) set((was) => ({ ...was, error, loading: false }));
    }
  };
  const going = useRef(false);
  const older = async () => {
    if (going.current || !state.cursor) return;
    going.current = true;
    try {
      const answer = await get(query(path, { limit: PAGE, cursor: state.cursor }));
      set((was) => ({ ...was, data: merged(was.data, answer.data), cursor: answer.next_cursor }));
    } finally {
      going.current = false;
    }
  };
  useEffect(() => { again(); }, [id, version, versions[id]]);
  useEffect(() => {
    const waiting = state.data.slice(-PAGE).filter(undone);
    if (!waiting.length) return undefined;
    // The longer it has taken, the less a few seconds matter.
    const youngest = Math.min(...waiting.map(age));
    const timer = setInterval(() => document.visibilityState === "visible" && again(), Math.max(UNDONE_EVERY, Math.min(60_000, youngest / 10)));
    return () => clearInterval(timer);
  }, [state]);
  useEffect(() => {
    open.set({ conversation: id, watch: [id], typing: false });
    return () => open.get()?.conversation === id && open.set(null);
  }, [id]);
  return { ...state, older, again };
}
