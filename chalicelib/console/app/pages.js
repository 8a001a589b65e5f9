// Every page: its icon, its letter after G, who may see it. A new page is a module and a row here.
export const PAGES = {
  inbox: { icon: "inbox", key: "i", role: "read", rail: true, tab: true, load: () => import("./inbox.js") },
  conversations: { icon: "list-search", key: "v", role: "read", tab: true, load: () => import("./conversations.js") },
  bots: { icon: "robot", key: "b", role: "read", tab: true, load: () => import("./bots.js") },
  deliveries: { icon: "truck-delivery", key: "d", role: "read", load: () => import("./deliveries.js") },
  failures: { icon: "alert-triangle", key: "f", role: "admin", load: () => import("./failures.js") },
};
export const SECTIONS = [
  ["", ["inbox", "conversations"]],
  ["nav.set_up", ["bots"]],
  ["nav.operate", ["deliveries", "failures"]],
];
const ORDER = ["read", "agent", "admin"];
export const pagesOf = (role) => Object.keys(PAGES).filter((name) => ORDER.indexOf(role) >= ORDER.indexOf(PAGES[name].role));
