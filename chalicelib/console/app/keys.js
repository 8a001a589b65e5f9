import { useEffect, useRef } from "./html.js";

export const MAC = navigator.platform.startsWith("Mac");
// A key that is meant for the browser, a field or an open dialog.
export const meantElsewhere = (e) => e.metaKey || e.ctrlKey || e.altKey || e.target.closest("input, textarea, select, dialog[open], [contenteditable]");

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
        deed();
      }
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
}
