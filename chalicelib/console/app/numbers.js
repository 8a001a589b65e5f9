// Numbers as people read them.
import { locale } from "./time.js";

export const NUMBER = new Intl.NumberFormat(locale);
export const SHARE = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
export const CHANGE = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
export const sum = (values) => values.reduce((all, one) => all + (one ?? 0), 0);
