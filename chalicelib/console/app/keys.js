import { useEffect, useRef } from "./html.js";

// Single keys, where nobody writes; one key, one deed.
export function useKeys(keys) {
  const at = useRef(keys);
  at.current = keys;
  useEffect(() => {
    const hear = (e) => {
      if (e.metaKey || e.ctrlKey || e.altKey || e.target.closest("input, textarea, select, dialog[open], [contenteditable]") || document.body.dataset.going || document.querySelector("dialog[open]")) return;
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
