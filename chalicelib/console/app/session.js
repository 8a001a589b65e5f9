// Who is signed in. What a link holds is exchanged at once and kept nowhere; one that was used leaves whoever is signed in.
import { call, get } from "./api.js";
import { store } from "./store.js";

export const session = store(undefined); // undefined: not known yet, null: nobody

let last = "";
session.hear(() => {
  const id = session.get()?.me.id, after = sessionStorage.getItem("after");
  if (!id) return;
  last = id;
  // Nothing that somebody else has written stays, also where one has been at an issuer's page meanwhile.
  if (sessionStorage.getItem("whose") !== id) sessionStorage.clear();
  sessionStorage.setItem("whose", id);
  sessionStorage.removeItem("after");
  if (after && !location.hash) {
    history.replaceState(null, "", after);
    dispatchEvent(new Event("hashchange"));
  }
});

export async function signIn(key) {
  const who = await call("POST", "console/session", { key: key.trim() }, { quiet: true });
  if (last && last !== who.me.id) {
    // Nothing that somebody else has seen or written stays.
    sessionStorage.clear();
    return location.reload();
  }
  return session.set(who);
}

export async function begin() {
  const given = /^#key=(.+)$/.exec(location.hash);
  let wrong;
  if (given) {
    history.replaceState(null, "", location.pathname + location.search);
    try {
      return await signIn(decodeURIComponent(given[1]));
    } catch (error) {
      wrong = error;
    }
  }
  try {
    session.set(await get("console/session", { quiet: true }));
  } catch (error) {
    if (error.status !== 401) throw error;
    session.set(null);
    if (wrong) throw wrong;
  }
}

export async function signOut() {
  await call("DELETE", "console/session", undefined, { quiet: true });
  sessionStorage.clear();
  location.reload();
}

const ORDER = ["read", "agent", "admin"];
export const may = (role) => ORDER.indexOf(session.get()?.me.role) >= ORDER.indexOf(role);
