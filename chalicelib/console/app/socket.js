// A socket that brings what a beat would bring, sooner. What beats bring stays the truth: a socket that keeps something to
// itself is closed, and another is tried a little later, never by all pages at once.
import { post } from "./api.js";

const PING = 240_000, ANSWER = 10_000, NAMED = 25_000, DEAF = 5000, SOON = 1000, LATE = 60_000, TYPES = 6000;

// `hear` gets what a frame tells: {changes} or {presence, conversation_id} or {visitor}; `turn` is called when beats are
// to come otherwise than before.
export function connect(service, hear, turn) {
  let socket = null, id = "", said = "", named = 0, known = false, since = 0, wrong = 0, over = false;
  let again = 0, pong = 0, ear = 0, typing = 0;
  const told = new Map(); // conversation -> version of its row that the socket has told

  const later = () => {
    if (over) return;
    again = setTimeout(open, Math.min(LATE, SOON * 2 ** wrong) * (0.5 + Math.random()));
    wrong += 1;
  };
  const drop = () => {
    const one = socket, was = known;
    for (const timer of [pong, ear]) clearTimeout(timer);
    if (known && Date.now() - since > LATE) wrong = 0;
    [socket, id, named, known, pong, ear] = [null, "", 0, false, 0, 0];
    told.clear();
    one?.close();
    if (was) turn();
  };
  const lost = (mine) => {
    if (socket !== mine) return;
    drop();
    later();
  };
  const ask = () => {
    const mine = socket;
    if (mine?.readyState !== WebSocket.OPEN) return;
    mine.send('{"type":"ping"}');
    clearTimeout(pong);
    pong = setTimeout(() => lost(mine), ANSWER);
  };
  const writes = (conversation) => {
    clearTimeout(typing);
    hear({ visitor: conversation });
    if (conversation) typing = setTimeout(() => writes(null), TYPES);
  };
  const heard = (mine, frame) => {
    if (frame.type === "changes") {
      for (const row of frame.changes) told.set(row.conversation_id, row.version);
      hear(frame);
    } else if (frame.type === "presence") hear(frame);
    else if (frame.type === "visitor_typing") writes(frame.conversation_id);
    else if (frame.type === "pong") {
      clearTimeout(pong);
      pong = setTimeout(ask, PING);
      hear({});
      if (id) return;
      id = frame.socket;
      turn();
    } else if (frame.type === "error") lost(mine);
  };
  const open = async () => {
    try {
      const { ticket, url } = await post("v1/console/ticket", { service_id: service });
      if (over || !url) return;
      const mine = socket = new WebSocket(`${url}?ticket=${encodeURIComponent(ticket)}`);
      pong = setTimeout(() => lost(mine), ANSWER);
      mine.onopen = ask;
      mine.onclose = () => lost(mine);
      mine.onmessage = ({ data }) => socket === mine && heard(mine, JSON.parse(data));
    } catch (error) {
      if (error.status !== 401) later();
    }
  };
  open();
  return {
    // Whether it tells all there is to tell.
    known: () => known,
    // What a beat says of it, if anything: a minute after it was last named it is told nothing.
    name() {
      said = "";
      if (!id || Date.now() - named < NAMED) return undefined;
      named = Date.now();
      return (said = id);
    },
    beat(answer) {
      const mine = socket;
      // What is said of a socket that has gone meanwhile is not said of the next.
      if (!mine || (said && said !== id)) return undefined;
      if (answer.socket === false) return lost(mine);
      if (answer.socket && !known) {
        [known, since] = [true, Date.now()];
        return undefined;
      }
      const lacks = known ? answer.changes.filter((row) => !(told.get(row.conversation_id) >= row.version)) : [];
      if (!lacks.length || ear) return undefined;
      ear = setTimeout(() => {
        ear = 0;
        if (lacks.some((row) => !(told.get(row.conversation_id) >= row.version))) lost(mine);
      }, DEAF);
      return undefined;
    },
    // A beat failed: is it there?
    failed() {
      named = 0;
      ask();
    },
    close() {
      over = true;
      for (const timer of [again, typing]) clearTimeout(timer);
      drop();
    },
  };
}
