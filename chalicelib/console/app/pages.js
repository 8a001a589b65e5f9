// Every page: its icon, its letter after G, who may see it. A new page is a module and a row here.
import { withMore } from "./words.js";

const later = (load) => () => withMore(load());
const resources = later(() => import("./resources.js"));
export const PAGES = {
  overview: { icon: "layout-dashboard", key: "o", role: "read", tab: true, load: later(() => import("./overview.js")) },
  inbox: { icon: "inbox", key: "i", role: "read", rail: true, tab: true, load: () => import("./inbox.js") },
  contacts: { icon: "users", key: "c", role: "read", tab: true, load: later(() => import("./contacts.js")) },
  conversations: { icon: "list-search", key: "v", role: "read", load: later(() => import("./conversations.js")) },
  channels: { icon: "plug", key: "h", role: "read", load: resources },
  bots: { icon: "robot", key: "b", role: "read", load: resources },
  desks: { icon: "headset", key: "e", role: "read", load: resources },
  rules: { icon: "route", key: "r", role: "read", load: later(() => import("./rules.js")) },
  triggers: { icon: "bolt", key: "t", role: "read", load: resources },
  sources: { icon: "database-import", key: "s", role: "read", load: resources },
  subscriptions: { icon: "webhook", key: "u", role: "read", load: resources },
  replies: { icon: "message-circle", key: "y", role: "read", load: resources },
  deliveries: { icon: "truck-delivery", key: "d", role: "read", load: later(() => import("./deliveries.js")) },
  failures: { icon: "alert-triangle", key: "f", role: "admin", everywhere: true, load: later(() => import("./failures.js")) },
  audit: { icon: "history", key: "a", role: "admin", load: later(() => import("./audit.js")) },
  people: { icon: "users-group", key: "p", role: "admin", load: resources },
  keys: { icon: "key", key: "k", role: "admin", load: resources },
  first: { icon: "flag", key: "1", role: "read", load: later(() => import("./first.js")) },
};
export const SECTIONS = [
  ["", ["overview", "inbox", "contacts", "conversations"]],
  ["nav.set_up", ["channels", "bots", "desks", "rules", "triggers", "sources", "subscriptions", "replies"]],
  ["nav.operate", ["deliveries", "failures", "audit", "people", "keys", "first"]],
];
const ORDER = ["read", "agent", "admin"];
// An agent begins with who waits, everybody else with what needs somebody.
export const startOf = (role) => (role === "agent" ? "inbox" : "overview");
// Some pages are about the whole deployment, and not for who sees one service of it.
export const pagesOf = (who) => Object.keys(PAGES).filter((name) => ORDER.indexOf(who.me.role) >= ORDER.indexOf(PAGES[name].role) && (who.all_services || !PAGES[name].everywhere));
