// Elements, and asking the simulator. Texts are text nodes always: what people write is no markup.
export function el(name, given = {}, ...inside) {
  const made = name === "svg" || name === "use" ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && typeof value !== "string") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inside.flat(9).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

export const icon = (name) => el("svg", { class: "i", "aria-hidden": "true" }, el("use", { href: `look/icons.svg#${name}` }));

export async function ask(path, body) {
  const sent = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`phones/${path}`, sent);
  if (!answer.ok) throw new Error((await answer.text()).trim() || `${answer.status}`);
  return answer.json();
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
export const clock = (ms) => CLOCK.format(ms);

export function once(work) {
  let busy = false;
  return async (...given) => {
    if (busy) return;
    busy = true;
    try { await work(...given); } finally { busy = false; }
  };
}
