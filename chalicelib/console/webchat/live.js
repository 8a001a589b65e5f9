// The socket: while it is open the server tells what is new and nobody asks. What is asked for stays the truth: on a gap,
// on silence, and where no socket can be had, the page asks as it would without one.
const PING_MS = 480000; // the gateway ends a socket in which nobody has said anything for ten minutes
const PONG_MS = 5000;
const TURN_MS = 6300000; // and every one after two hours
const TELLS_MS = 8000; // so long one may take until it tells how things stand, or be silent after a word of mine
const SPREAD_MS = 3000; // windows that lost theirs together do not come again together
const RARELY_MS = 300000; // how often it is tried where it failed twice
const SOON_MS = 30000; // one that ends so soon counts as refused
const TYPED_MS = 3000;

let socket = null; // the one that tells
let beat = null;
let turn = null;
let toldSince = 0;
let refused = 0;
let nextTry = 0;
let typedAt = 0;
let heardAt = 0;

const told = () => Boolean(socket) && !history && !catchUp && !unopened;
const mayConnect = () => options.live && isOpen() && !history && !catchUp && !unopened && Date.now() >= nextTry;

function connect() { // ends once it tells or has failed
  return new Promise((done) => {
    const query = new URLSearchParams({ channel: options.channel, session, after: after || "0", include: "events" });
    let mine = null;
    const over = () => {
      clearTimeout(limit);
      if (!mine || mine.onclose === null) return done();
      const lived_ms = socket === mine ? Date.now() - toldSince : 0;
      unhook(mine);
      refused = lived_ms < SOON_MS ? refused + 1 : 0;
      nextTry = refused ? Date.now() + (refused < 2 ? backoff(refused) : about(RARELY_MS)) : 0;
      done();
      setTimeout(wakeUp, lived_ms ? Math.random() * SPREAD_MS : 0);
    };
    const limit = setTimeout(over, TELLS_MS);
    try { mine = new WebSocket(`${options.live}?${query}`); } catch { // the host's CSP, or an old browser
      nextTry = Infinity;
      return over();
    }
    mine.onclose = over;
    mine.onmessage = (event) => {
      let frame = null;
      try { frame = JSON.parse(event.data); } catch { return; }
      if (frame.type === "state" && socket !== mine) {
        clearTimeout(limit);
        [socket, toldSince] = [mine, Date.now()];
        turn = setTimeout(deaf, TURN_MS * (0.9 + Math.random() / 10));
        trouble(false);
        done();
      }
      heardAt = Date.now();
      hear(frame);
      if (socket === mine) awaitWord(PING_MS, check);
    };
  });
}

function unhook(one) {
  one.onclose = one.onmessage = null;
  one.close();
  if (one !== socket) return;
  socket = null;
  clearTimeout(beat);
  clearTimeout(turn);
}

leave = () => { if (socket) unhook(socket); };

function awaitWord(ms, then) {
  clearTimeout(beat);
  beat = setTimeout(then, ms);
}

function check() {
  if (!send({ type: "ping" })) return;
  awaitWord(PONG_MS, deaf);
}

function send(frame) {
  if (socket && socket.readyState === 1) socket.send(JSON.stringify(frame));
  return socket;
}

function deaf() { // another one
  leave();
  wakeUp();
}

function anew() { // at once, whatever failed before
  [refused, nextTry] = [0, 0];
  deaf();
}

function hear(frame) {
  if (frame.type === "more" || frame.type === "messages") {
    if (frame.type === "more" || Number(frame.after) - Number(after) > unheard().length) return lacking();
    frame.data.forEach(show);
    if (frame.data.length) lastHeard = Date.now();
    come(frame.next, frame.data);
  } else if (frame.type === "state" && frame.typing) types(frame.typing.name);
  else if (frame.code === "unknown_connection") deaf();
}

// What the visitor said is told to no window: each knows it from the storage.
const unheard = () => [...own.values()].filter((row) => row.untold && row.state !== "failed");

function lacking() {
  catchUp = true;
  wakeUp();
}

function saidAt(at) { // nothing since? then perhaps the socket is deaf
  setTimeout(() => { if (told() && heardAt < at) check(); }, TELLS_MS);
}

function typed() {
  if (!told() || !input.value || Date.now() - typedAt < TYPED_MS) return;
  typedAt = Date.now();
  send({ type: "typing" });
}
