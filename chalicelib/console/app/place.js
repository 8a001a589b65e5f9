// Where one is: `#/<service>/<page>/<id>?<filter>`.
import { store } from "./store.js";

// Who has cut a link somewhere gets the page all the same.
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function read() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [service = "", page = "", ...rest] = path.split("/").map((part) => plain(part));
  return { service, page, id: rest.join("/"), filter: new URLSearchParams(search) };
}

export const place = store(read());

// Until `end()`, going elsewhere asks first.
let stays = null;
export function stay(asks) {
  stays = asks;
  return () => { if (stays === asks) stays = null; };
}
addEventListener("hashchange", (e) => {
  const asks = stays;
  stays = null;
  if (!asks || asks()) return place.set(read());
  history.replaceState(null, "", e.oldURL);
  stays = asks;
});

export function href(page, id = "", filter = null) {
  const path = [place.get().service, page, id].filter(Boolean).map(encodeURIComponent).join("/");
  const text = filter ? new URLSearchParams(filter).toString() : "";
  return `#/${path}${text ? `?${text}` : ""}`;
}

export const go = (page, id, filter) => { location.hash = href(page, id, filter); };

export function instead(service, page) {
  history.replaceState(null, "", `#/${[service, page].map(encodeURIComponent).join("/")}`);
  place.set(read());
}
