import { useEffect, useRef } from "./html.js";
import { store } from "./store.js";

export const MAC = navigator.platform.startsWith("Mac");
// Whether single keys are deeds, which who speaks to their machine may not want; kept by this browser.
const OFF = "single keys off";
export const single = store(!localStorage.getItem(OFF));
export function turn(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
  single.set(on);
}
// A key that is meant for the browser, a field or an open dialog.
export const meantElsewhere = (e) => (!single.get() && e.key !== "Escape") || e.metaKey || e.ctrlKey || e.altKey || e.target.closest("input, textarea, select, dialog[open], [contenteditable]");

// Single keys, where nobody writes; one key, one deed.
export function useKeys(keys) {
  const at = useRef(keys);
  at.current = keys;
  useEffect(() => {
    const hear = (e) => {
      if (meantElsewhere(e) || document.body.dataset.going || document.querySelector("dialog[open]")) return;
      const key = e.key.toLowerCase(), deed = at.current[key];
      // A key that is held down walks through the list, and does nothing else twice.
      if (deed && (!e.repeat || key === "j" || key === "k")) {
        e.preventDefault();
        deed(e);
      }
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
}
