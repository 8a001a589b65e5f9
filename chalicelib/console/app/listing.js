// A list of the API, page after page: six states, and old rows stay where a reading fails.
import { get, query } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Btn, Empty, Loading, Trouble } from "./parts.js";
import { useEvery } from "./time.js";
import { t } from "./words.js";

const AFTER_MS = 150; // sooner than that, nobody has to be told that something is read

export function useList(path, given, { every = 0 } = {}) {
  const [state, set] = useState({ data: [], cursor: null, error: null, loaded: false, late: false });
  const round = useRef(0), asked = JSON.stringify([path, given]);
  const read = async (cursor = null) => {
    const mine = (round.current += 1);
    try {
      const answer = await get(query(path, { ...given, limit: 50, cursor }));
      if (mine === round.current) set((was) => ({ data: cursor ? [...was.data, ...answer.data] : answer.data, cursor: answer.next_cursor, error: null, loaded: true, late: false }));
    } catch (error) {
      if (mine === round.current) set((was) => ({ ...was, error, loaded: was.loaded }));
    }
  };
  useEffect(() => {
    set({ data: [], cursor: null, error: null, loaded: false, late: false });
    read();
    const timer = setTimeout(() => set((was) => ({ ...was, late: true })), AFTER_MS);
    return () => { clearTimeout(timer); round.current += 1; };
  }, [asked]);
  // Only the first page follows: nothing moves under who reads further down.
  useEvery(state.data.length <= 50 ? every : 0, read, [asked]);
  return { ...state, again: () => read(), more: () => read(state.cursor) };
}

export function Listed({ list, empty, children, within = false }) {
  if (!list.loaded && !list.error) return html`<div aria-busy="true">${list.late && html`<${Loading} />`}</div>`;
  return html`${list.error && html`<${Trouble} error=${list.error} again=${list.again} />`}
    ${list.loaded && !list.data.length && !list.cursor ? html`<section class=${within ? "" : "card"}><${Empty} icon=${empty.icon} title=${empty.title} action=${empty.action}>${empty.more}<//></section>` : children}
    ${list.cursor && html`<div class="row pad"><${Btn} onClick=${list.more}>${t("list.more")}<//></div>`}`;
}
