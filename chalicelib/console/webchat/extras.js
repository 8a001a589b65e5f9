// What a chat's owner may ask for besides: files of the visitor, and where to answer when nobody comes.
const MOST_FILES = 5;
const MOST_FILE = 10 * 1024 * 1024;
const LONELY_MS = 60000; // so long after a person was asked for and none has come
const CLIP = "M8.5 20.5a5 5 0 0 1-3.5-8.6l8.2-8.1a3.4 3.4 0 0 1 4.8 4.8l-8 8a1.7 1.7 0 0 1-2.5-2.4l7.3-7.3 1.2 1.2-7.3 7.3 8.1-7.9a1.7 1.7 0 0 0-2.5-2.4l-8.1 8.1a3.4 3.4 0 0 0 4.8 4.8l7.6-7.6 1.2 1.2-7.6 7.6a5 5 0 0 1-3.7 1.3z";

// ---- Files: put first, each where the server says, then said. Until all are put, this page alone has them.

const held = new Map(); // id of the message -> its files
const picker = make("input", { type: "file", multiple: "", hidden: "" });
const clip = make("button", { class: "clip", type: "button", "aria-label": words.attach, title: words.attach }, icon(CLIP));
clip.hidden = !options.uploads;
clip.addEventListener("click", () => picker.click());
picker.addEventListener("change", () => { sayFiles([...picker.files]); picker.value = ""; });

function sayFiles(files) {
  if (!files.length) return;
  if (files.length > MOST_FILES || files.some((file) => !file.size || file.size > MOST_FILE)) return notice(words.too_large);
  notice("");
  if (!session) keepSession(token(32));
  lastAt = Math.max(Date.now(), lastAt + 1);
  const about = files.map(({ name, type, size }) => ({ name, mime_type: type || "application/octet-stream", size }));
  const item = { id: token(16), at: lastAt, body: { files: about }, text: files.map((file) => file.name).join("\n") };
  held.set(item.id, files);
  lastHeard = Date.now();
  toEnd();
  putFiles(item);
}

async function putFiles(item) {
  paint(item, "sending");
  const { status, body } = await ask("/files", { method: "POST", body: JSON.stringify({ session, id: item.id, files: item.body.files }) }, 15000);
  const places = status === 200 ? body.files : [];
  const put = await Promise.all(places.map((place, at) => putFile(place, held.get(item.id)[at])));
  if (!put.length || put.includes(false)) return paint(item, "failed");
  held.delete(item.id);
  keepItem(item);
  drain(true);
}

async function putFile({ url, fields }, file) {
  const form = new FormData();
  Object.entries(fields).forEach(([name, value]) => form.append(name, value));
  form.append("file", file);
  try { return (await fetch(url, { method: "POST", body: form, credentials: "omit", referrerPolicy: "no-referrer" })).ok; } catch { return false; }
}

// ---- Where to answer: asked once, of somebody whom the page's server does not know.

let lonely = 0;
const address = make("input", { type: "email", required: "", autocomplete: "email", maxlength: "256", placeholder: words.email, "aria-label": words.email });
const letter = make("form", { class: "letter", hidden: "" }, make("p", {}, words.ask_email), address,
  make("button", { type: "submit" }, words.send));
letter.addEventListener("submit", (event) => {
  event.preventDefault();
  write("email", "1");
  letter.hidden = true;
  say({ email: address.value.trim() }, address.value.trim());
  notice(filled(words.will_answer, address.value.trim()));
});

function nobodyCame(since) {
  clearTimeout(lonely);
  letter.hidden = true;
  if (person !== "" || !options.ask_email || identity || read("email")) return;
  lonely = setTimeout(() => { letter.hidden = false; stay(); }, Math.max(0, LONELY_MS - (Date.now() - since)));
}
