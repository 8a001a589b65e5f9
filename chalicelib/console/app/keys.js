import { useEffect, useRef } from "./html.js";

// Single keys, where nobody writes; one key, one deed.
export function useKeys(keys) {
  const at = useRef(keys);
  at.current = keys;
  useEffect(() => {
    const hear = (e) => {
      if (e.metaKey || e.ctrlKey || e.altKey || e.target.closest("input, textarea, select, dialog[open], [contenteditable]") || document.body.dataset.going) return;
      const deed = at.current[e.key.toLowerCase()];
      if (deed) {
        e.preventDefault();
        deed();
      }
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
}
