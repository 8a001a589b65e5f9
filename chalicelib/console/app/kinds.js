// What the first letters of an id say: the kind, and with it the page, the parameter and the icon.
import { PAGES } from "./pages.js";

// Whoever something can be delivered to.
export const TOLD = ["bot", "desk", "subscription", "channel", "trigger"];
const OF = { bt: "bot", dk: "desk", sb: "subscription", ch: "channel", tr: "trigger", so: "source" };
export const kindOf = (id) => OF[id?.slice(0, 2)] ?? "";
export const pageOf = (kind) => `${kind}s`;
export const fieldOf = (kind) => `${kind}_id`;
export const kindIcon = (kind) => PAGES[pageOf(kind)]?.icon ?? "point";
