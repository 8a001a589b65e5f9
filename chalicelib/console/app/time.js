// Times as people read them; `at` is RFC 3339 as the API has it.
import { useEffect, useReducer } from "./html.js";
import { LANGUAGE, t } from "./words.js";

export const locale = navigator.language?.startsWith(LANGUAGE) ? navigator.language : LANGUAGE;
export const form = (options) => new Intl.DateTimeFormat(locale, options);
export const CLOCK = form({ hour: "2-digit", minute: "2-digit" });
const EXACT = form({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = form({ weekday: "long", day: "numeric", month: "long" });
const WEEKDAY = form({ weekday: "short", hour: "2-digit", minute: "2-digit" });
export const SHORT = form({ day: "numeric", month: "short" });
const WHOLE = form({ dateStyle: "medium", timeStyle: "medium" });
const unit = (name) => new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" });
const MINUTES = unit("minute"), HOURS = unit("hour"), DAYS = unit("day"), SECONDS = unit("second"), MILLIS = unit("millisecond");
const TENTHS = new Intl.NumberFormat(locale, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 });

export const ms = (at) => (at ? Date.parse(at) : 0);
export const weekday = (when) => WEEKDAY.format(when);
export const clock = (at) => CLOCK.format(ms(at));
export const exact = (at) => EXACT.format(ms(at));
export const whole = (at) => WHOLE.format(ms(at));
export const sameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

export function day(at) {
  const now = new Date();
  if (sameDay(at, now)) return t("time.today");
  now.setDate(now.getDate() - 1);
  return sameDay(at, now) ? t("time.yesterday") : DAY.format(ms(at));
}

// "12:03" of today, "3 Nov" of another day.
export const stamp = (at) => (sameDay(at, Date.now()) ? clock(at) : SHORT.format(ms(at)));

// How long: "48 s", "6 min", "3 h", "2 d".
export function span(length) {
  const s = Math.max(0, Math.round(length / 1000));
  if (s < 60) return SECONDS.format(s);
  if (s < 3600) return MINUTES.format(Math.floor(s / 60));
  return s < 172_800 ? HOURS.format(Math.floor(s / 3600)) : DAYS.format(Math.floor(s / 86_400));
}

export const ago = (at, now = Date.now()) => (now - ms(at) < 45_000 ? t("time.now") : span(now - ms(at)));
export const took = (length) => (length < 1000 ? MILLIS.format(length) : TENTHS.format(length / 1000));

// A clock that runs down: "1:12".
export function countdown(length) {
  const s = Math.round(Math.abs(length) / 1000);
  if (s >= 7200) return span(length < 0 ? -length : length);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

// A deed every so often while somebody looks at the page; never, where `every` is 0.
export function useEvery(every, deed, about) {
  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && deed(), every);
    return () => clearInterval(timer);
  }, [every, ...about]);
}

// The page is drawn anew now and then, for what depends on the time.
export function useNow(every = 15_000) {
  const [, again] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(again, every);
    return () => clearInterval(timer);
  }, [every]);
  return Date.now();
}
