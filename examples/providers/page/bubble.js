// One message as a phone shows it: words, files, places, choices that can be pressed, and what became of it.
import { ask, clock, el, icon } from "./dom.js";

const SIGNS = ["👍", "❤️", "😂"];
const STATES = { sending: "sending", unsent: "not taken", sent: "sent", delivered: "delivered", read: "read", failed: "failed" };

export function bubbleOf(one, all, phone) {
  const about = one.about && all.get(`${one.kind}/${one.about}`);
  const signs = Object.values(one.signs).filter(Boolean);
  const root = el("div", { class: `b ${one.mine ? "me" : ""} ${one.deleted ? "gone" : ""} ${one.type === "event" ? "event" : ""}` });
  const deeds = el("div", { class: "deeds", role: "group", "aria-label": "What can be done with it", hidden: true });
  const open = el("button", { class: "more", type: "button", "aria-label": "More about this message", "aria-expanded": "false", onclick: () => {
    if (deeds.hidden) deeds.replaceChildren(...offered(one, phone));
    deeds.hidden = !deeds.hidden;
    open.setAttribute("aria-expanded", String(!deeds.hidden));
  } }, "⋯");
  root.append(...[
    el("div", { class: "body" },
      one.details.group && el("span", { class: "small muted" }, icon("users"), ` ${one.details.group}`),
      about && el("div", { class: "quoted" }, about.text || about.type),
      one.files.map((file) => shownFile(file)),
      one.deleted ? el("span", { class: "text" }, "deleted") : words(one),
      one.choices.length > 0 && choices(one, phone)),
    signs.length > 0 && el("span", { class: "signs" }, signs.join(" ")),
    el("div", { class: "foot" }, el("span", {}, clock(one.at_ms)), one.edited && el("span", {}, "edited"), tick(one), one.details.error && el("span", { class: "bad" }, one.details.error), open),
    deeds].filter(Boolean));
  return root;
}

function words(one) {
  if (one.type === "location") {
    const { latitude, longitude, name, address } = one.details;
    return el("span", { class: "text" }, icon("map-pin"), ` ${[name, address].filter(Boolean).join(", ") || "A place"} (${latitude}, ${longitude})`);
  }
  if (one.type === "contact") {
    const numbers = one.details.phone ?? (one.details.contacts ?? []).flatMap((card) => (card.phones ?? []).map((phone) => phone.phone)).join(", ");
    return el("span", { class: "text" }, icon("user"), ` ${one.text} ${numbers}`);
  }
  const { subject } = one.details;
  return [subject && el("span", { class: "strong" }, subject), one.text && el("span", { class: "text" }, one.text)];
}

function shownFile(file) {
  const address = file.id && `phones/files/${file.id}`, kind = (file.type || "").split("/")[0];
  if (!address) return el("span", { class: "small muted" }, "a file that could not be fetched");
  if (kind === "image") return el("img", { src: address, alt: file.name || "a picture" });
  if (kind === "video") return el("video", { src: address, controls: true, "aria-label": file.name || "a film" });
  if (kind === "audio") return el("audio", { src: address, controls: true, "aria-label": file.name || "a recording" });
  return el("a", { href: address, target: "_blank", rel: "noopener" }, icon("paperclip"), ` ${file.name || file.type || "file"}`);
}

function choices(one, phone) {
  let section = "";
  const listed = one.choices.flatMap((choice) => {
    const head = choice.section && choice.section !== section ? el("div", { class: "sect" }, choice.section) : null;
    section = choice.section ?? "";
    if (choice.url) return [head, el("a", { href: choice.url, target: "_blank", rel: "noopener" }, choice.title)];
    return [head, el("button", { type: "button", onclick: () => phone.do({ do: "press", about: one.id, payload: choice.payload }) }, choice.title, choice.description && el("span", { class: "desc" }, choice.description))];
  });
  return el("div", { class: "opts", role: "group", "aria-label": "Answers" }, listed);
}

// A word and a shape for what became of it: of theirs, whether the business has it; of the business's, what it was told.
function tick(one) {
  const word = STATES[one.state];
  if (!word || one.type === "event") return null;
  if (["unsent", "failed"].includes(one.state)) return el("span", { class: "bad" }, one.details.answered && one.state === "unsent" ? `${word}: ${one.details.answered}` : word);
  if (one.state === "sending") return el("span", {}, word);
  return el("span", { class: `tick ${one.state}`, title: word }, icon("check"), one.state !== "sent" && icon("check"), el("span", { class: "unseen" }, word));
}

function offered(one, phone) {
  const button = (name, work, more = {}) => el("button", { class: "btn sm", type: "button", onclick: work, ...more }, name);
  const can = (deed) => phone.can(deed) && !one.deleted;
  return [
    can("reply") && button("Answer", () => phone.answer(one)),
    !one.mine && one.state === "delivered" && phone.kind.tells.includes("read") && button("Read", () => ask("read", { kind: one.kind, id: one.id })),
    ...(can("react") ? SIGNS.map((sign) => button(sign, () => phone.do({ do: "react", about: one.id, text: Object.values(one.signs).includes(sign) ? "" : sign }), { "aria-label": `React with ${sign}` })) : []),
    one.mine && one.type === "text" && can("edit") && button("Edit", () => phone.answer(one, true)),
    one.details.unsubscribe && can("unsubscribe") && button("Unsubscribe", () => phone.do({ do: "unsubscribe", about: one.id })),
    one.mine && can("delete") && button("Delete", () => phone.do({ do: "delete", about: one.id })),
  ].filter(Boolean);
}
