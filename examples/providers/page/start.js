// The page: who there is, and the phones of one of them. It asks for what has changed, and is answered when something has.
import { ask, el, icon } from "./dom.js";
import { ICONS, Phone } from "./phone.js";

const known = await ask("kinds");
const people = document.querySelector("#people"), phones = document.querySelector("#phones"), live = document.querySelector("#live");
let state = { version: 0, people: [], accounts: [], faults: [], flags: {} }, shown = new Map(), at = "", looked = {};
const bubbles = new Map();

const chosen = () => state.people.find((one) => one.id === location.hash.slice(1)) ?? state.people[0];
const unread = (person) => [...bubbles.values()].filter((one) => one.person === person.id && !one.mine && one.version > (looked[person.id] ?? 0)).length;

function drawPeople() {
  const now = chosen(), news = (one) => (one === now ? 0 : unread(one));
  const focused = document.activeElement?.id;
  const form = people.querySelector("form") ?? newcomer();
  people.replaceChildren(
    ...state.people.map((one) => el("button", { class: "person", id: `person-${one.id}`, type: "button", "aria-pressed": String(one === now), onclick: () => { location.hash = one.id; } },
      el("span", { class: "face", "aria-hidden": "true" }, one.name.split(/\s+/).map((word) => word[0]).slice(0, 2).join("")),
      el("span", {}, el("span", { class: "strong mid" }, one.name), el("br"), el("span", { class: "small muted" }, one.phone)),
      news(one) > 0 && el("span", { class: "news" }, String(news(one)), el("span", { class: "unseen" }, " new")))),
    form);
  if (focused) document.getElementById(focused)?.focus();
}

function newcomer() {
  const name = el("input", { class: "field", type: "text", "aria-label": "Name of somebody new", placeholder: "Somebody new", maxlength: "60", id: "newcomer" });
  return el("form", { class: "newcomer", onsubmit: async (event) => {
    event.preventDefault();
    if (!name.value.trim()) return;
    const made = await ask("people", { name: name.value });
    name.value = "";
    location.hash = made.id;
  } }, name, el("button", { class: "btn", type: "submit" }, icon("plus"), "Add"));
}

function draw() {
  const person = chosen();
  if (!person) return;
  drawPeople();
  looked[person.id] = state.version;
  const wanted = state.accounts.map((one) => `${one.kind}/${one.id}`);
  if (at !== person.id || String([...shown.keys()]) !== String(wanted)) {
    at = person.id;
    shown = new Map(state.accounts.map((one) => [`${one.kind}/${one.id}`, new Phone(known, person, one)]));
    phones.replaceChildren(...[...shown.values()].map((one) => one.root));
    for (const bubble of bubbles.values()) shown.get(`${bubble.kind}/${bubble.account}`)?.show(bubble, bubbles);
  }
  for (const phone of shown.values()) phone.update(state);
}

async function listen() {
  for (;;) {
    try {
      const told = await ask(`state?after=${state.version}`);
      live.textContent = "";
      const place = (one) => (Object.keys(ICONS).indexOf(one.kind) + 1 || 99);
      told.accounts.sort((one, other) => place(one) - place(other) || one.kind.localeCompare(other.kind));
      state = told;
      for (const bubble of told.bubbles) {
        bubbles.set(`${bubble.kind}/${bubble.id}`, bubble);
        if (bubble.person === at) shown.get(`${bubble.kind}/${bubble.account}`)?.show(bubble, bubbles);
      }
      draw();
    } catch (error) {
      live.textContent = "The simulator does not answer. Is `make run` running?";
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

addEventListener("hashchange", draw);
listen();
