// What the visitor wrote, until the server has it. Each is a key of the storage, named by its time, so it outlives the
// page, and every window of the chat sees and sends it. The id is made here: sent twice it is one message.
const MOST_AGE_MS = 86400000; // older ones are sent only if the visitor still wants it
const UNSURE_MS = 60000; // so long after a lost answer we look whether the message came before sending it again
let lastAt = 0;
let draining = false;
let tries = 0;
let goOn = () => {};

const outKey = (item) => `out:${String(item.at).padStart(14, "0")}:${item.id}`;
const keepItem = (item) => write(outKey(item), JSON.stringify(item));

function itemOf(value) {
  try {
    const item = JSON.parse(value);
    return item && item.id && item.body && typeof item.text === "string" ? item : null;
  } catch { return null; }
}

function paintItems() {
  for (const item of items()) {
    lastAt = Math.max(lastAt, item.at);
    paint(item, item.refused ? "failed" : "waiting");
  }
}

const items = () => keysFrom("out:").map((key) => itemOf(read(key))).filter(Boolean);

function say(body, text) {
  if (!session) keepSession(token(32));
  lastAt = Math.max(Date.now(), lastAt + 1);
  const item = { id: token(16), at: lastAt, body, text };
  keepItem(item);
  lastHeard = Date.now();
  paint(item, tries || navigator.onLine === false ? "waiting" : "sending");
  toEnd();
  drain(true);
}

function again(item) {
  if (held.has(item.id)) return putFiles(item);
  keepItem({ ...item, at: item.at, refused: false, wanted: true });
  drain(true);
}

// One after another: their order is the visitor's. In a lock, where the browser has them: two windows do not both send.
async function alone(work) {
  if (!navigator.locks) return work();
  let begun = false;
  try {
    return await navigator.locks.request(`${prefix}out`, () => { begun = true; return work(); });
  } catch (error) {
    if (begun) throw error;
    return work(); // a page that may not have locks
  }
}

async function drain(now = false) {
  if (now) goOn();
  if (draining) return;
  draining = true;
  try {
    for (let wait_ms = 0; (wait_ms = await alone(attempt)) !== null;) if (wait_ms > 0) await pauseOut(wait_ms);
  } finally {
    draining = false;
  }
}

let toldToWait = false;

function pauseOut(ms) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    goOn = () => { if (!toldToWait) { clearTimeout(timer); done(); } };
  });
}

async function attempt() { // how long to wait before the next one; null: there is none
  const item = items().find((one) => !one.refused);
  if (!item) return null;
  if (Date.now() - item.at > MOST_AGE_MS && !item.wanted) return refuse(item);
  if (item.tried && Date.now() - item.tried > UNSURE_MS && navigator.onLine !== false && await arrived(item)) return 0;
  if (!session) keepSession(token(32));
  paint(item, "sending");
  keepItem({ ...item, tried: item.tried || Date.now(), after: item.after || after });
  const since = Date.now();
  const answer = await post({ ...item.body, session, id: item.id, ...(identity ? { identity } : {}) });
  toldToWait = answer.wait_ms > 0;
  if (answer.status === 401 && identity) {
    console.warn(`Parley: ${answer.body.detail || "data-identity was refused"}`); // for whoever made the page
    identity = "";
    return 0; // the visitor is heard all the same
  }
  if (answer.status >= 200 && answer.status < 300) return settle(item, answer.body, since);
  if (answer.status >= 400 && answer.status < 500 && ![408, 429].includes(answer.status)) return refuse(item);
  tries += 1;
  items().forEach((one) => one.refused || paint(one, "waiting"));
  if (answer.status !== 429) trouble(true);
  // Without a connection trying costs nobody anything; but a server in trouble may look the same from another origin.
  return answer.wait_ms || backoff(tries, answer.status || tries > 8 ? 30000 : 4000);
}

async function arrived(item) {
  for (let from = item.after || ""; ;) {
    const answer = await fetched({ wait_s: 0, include: "all", ...(from ? { after: from } : {}) });
    if (answer.status !== 200 || !Array.isArray(answer.body.data) || !answer.body.data.length) return false;
    const message = answer.body.data.find((one) => one.client_id === item.id);
    if (message) {
      forget(outKey(item));
      show(message);
      return true;
    }
    from = answer.body.next;
  }
}

function settle(item, answer, since) {
  tries = 0;
  trouble(false);
  if (answer.session) keepSession(answer.session);
  forget(outKey(item));
  paint(item, "sent", answer.message_id);
  expectAnswer(since);
  saidAt(since);
  wakeUp();
  return 0;
}

function refuse(item) {
  keepItem({ ...item, refused: true });
  paint({ ...item, refused: true }, "failed");
  return 0;
}

// ---- Other windows of the same chat

window.addEventListener("storage", (event) => {
  if (!event.key || !event.key.startsWith(prefix)) return;
  const key = event.key.slice(prefix.length);
  if (key === "session" && event.newValue && event.newValue !== session) {
    session = event.newValue;
    deaf();
  }
  if (!key.startsWith("out:")) return;
  const item = itemOf(event.newValue || event.oldValue);
  if (!item) return;
  paint(item, !event.newValue ? "sent" : item.refused ? "failed" : "waiting");
  lastHeard = Date.now();
  wakeUp();
});
