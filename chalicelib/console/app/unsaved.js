// What is written and not saved is not left without being asked. Gives what ends that: it is saved, or goes.
import { useEffect, useRef } from "./html.js";
import { stay } from "./place.js";
import { t } from "./words.js";

export function useUnsaved(some) {
  const end = useRef(() => {});
  useEffect(() => {
    if (!some) return undefined;
    const close = (e) => e.preventDefault(), go = stay(() => confirm(t("form.leave")));
    addEventListener("beforeunload", close);
    return (end.current = () => {
      go();
      removeEventListener("beforeunload", close);
    });
  }, [some]);
  return () => end.current();
}
