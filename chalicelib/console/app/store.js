// A value that pages hear of when it changes.
import { useEffect, useReducer } from "./html.js";

export function store(value) {
  const heard = new Set();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const hear of [...heard]) hear();
    },
    hear(fn) {
      heard.add(fn);
      return () => heard.delete(fn);
    },
  };
}

export function useStore(one) {
  const [, again] = useReducer((n) => n + 1, 0);
  const value = one.get();
  useEffect(() => {
    if (one.get() !== value) again(); // it changed between drawing and hearing
    return one.hear(again);
  }, [one]);
  return value;
}
