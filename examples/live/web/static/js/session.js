// A client of wsgen.v1.json, written by hand (docs/reference/protocol.md, "Sessions"). It needs nothing else
// of this page. A session survives its socket: what was sent and not had is sent again, by both ends. It has no
// streams.

const subprotocol = "wsgen.v1.json";
const own = '{"event":"$'; // the beginning of a message that does not count
const patience = 10000; // ms until a socket is given up from which nothing comes, and a call without an answer
const firstBound = 1000; // ms: chance delays the first attempt by up to this, each later one by up to twice as much
const lastBound = 30000;
const askAfter = 64; // messages of ours that are kept, before the server is asked how many it has had
const returning = 4000; // we close, and shall be back
const policy = 1008;
const expired = 4401;
const tooMuch = 4429;
const calmFor = 60000; // ms, after tooMuch
const final = [1000, 1002, 1003, 1007, 1010, 4400, 4403, 4406, 4409]; // it would end in the same way again

// isFinal reports whether to connect again is of no use. Who was too slow comes back; whom the application does
// not let in does not.
const isFinal = (code, reason) => final.includes(code) || (code === policy && !reason.startsWith("slow_consumer:"));

// Refused is why a call is rejected: an error frame, or "disconnected": nobody knows whether it was handled.
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// startSession connects to what url() returns, and keeps at it until stop. Its listeners, all optional:
//   open({resumed, why})   the session is open: it goes on, or it is a new one and knows nothing of the old
//   caughtUp(n)            n messages had come while a session that goes on had no socket
//   event(name, data)      a push
//   asked(name, data, signal) a question; its answer or a promise of it; undefined: not known here
//   shed(n)                the server has dropped n pushes, since this page read too slowly
//   other(value)           a message that is no event
//   refused(error)         an error frame that answers no call
//   state(name, detail)    connecting, open, waiting and closed (detail: {seconds, code, reason})
//   frame(way, text)       whatever crosses the wire: way is "in", "out" or "life"
//   lost({code, reason, opened}) a socket has ended, which had been opened or not; url may be another next
//   token()                what to show, or a promise of it; null for nothing
export function startSession(url, listeners) {
  const on = (name, ...args) => listeners[name]?.(...args);

  // Of the session.
  let sid = null; // its secret; null: there is nothing to go on with
  let had = 0; // messages of the server's that have come
  let taken = 0; // messages of ours that the server has had
  let kept = []; // those behind them, in their order
  const questions = new Map(); // id → AbortController

  // Of whatever session comes.
  let unsent = []; // calls that wait for the next session, or for this one to go on
  const calls = new Map(); // id → {text, sent, resolve, reject, timer}
  let nextId = 1;

  // Of the socket.
  let socket = null;
  let state = "waiting";
  let goaway = null; // what the server said when it asked us to leave
  let heartbeat = 0; // ms of silence, after which we ask; 0: never
  let mostBytes = 64 << 10;
  let missedFrom = -1; // had, when the session went on; -1: all that was missed has come
  let failures = 0;
  let expiries = 0;
  let attempt = 0; // so that one which another has overtaken ends
  let notBefore = 0; // ms: until then only a person may have us connect
  let timer = 0; // of the next attempt, or of the socket's silence
  let asking = false; // the server has been asked for a sign of life, and has given none

  function become(name, detail) {
    state = name;
    on("state", name, detail);
  }

  async function connect() {
    clearTimeout(timer);
    const current = ++attempt;
    timer = setTimeout(giveUp, patience);
    become("connecting");
    let token;
    try {
      token = await on("token");
    } catch {
      if (current === attempt) gone({ code: 0, reason: "" });
      return;
    }
    if (current !== attempt) return;
    const opening = new WebSocket(url(), [subprotocol]);
    socket = opening;
    const resume = sid ? { sid, seq: had } : undefined;
    opening.onopen = () => opening === socket && write("$connect", { token: token ?? undefined, client: "live page", resume });
    opening.onmessage = ({ data }) => opening === socket && typeof data === "string" && receive(data);
    opening.onclose = (end) => opening === socket && ended(end);
  }

  // connected begins the session, or goes on with it.
  function connected({ resumed, why, sid: secret, seq, heartbeatMs, maxBytes }) {
    sid = secret ?? null;
    heartbeat = heartbeatMs ?? 0;
    mostBytes = maxBytes;
    failures = expiries = 0;
    on("frame", "life", ["connected", resumed ? "the session goes on" : why && `a new session (${why})`].filter(Boolean).join(": "));
    if (!resumed) forget();
    for (const [id, call] of calls) {
      // The protocol's own messages do not count, so they are not sent again either.
      if (call.sent && (!resumed || call.text.startsWith(own))) settle(id, "reject", new Refused("disconnected", "the connection was lost"));
    }
    acknowledge(seq);
    for (const text of kept) transmit(text); // before anybody hears of it, and says something new
    become("open");
    if (resumed) {
      missedFrom = had;
      ping(); // its answer comes behind what we have missed
    }
    on("open", { resumed, why });
    sendUnsent();
    hear();
  }

  // forget is the end of a session.
  function forget() {
    had = taken = 0;
    kept = [];
    for (const stop of questions.values()) stop.abort();
    questions.clear();
  }

  function acknowledge(seq) {
    if (seq <= taken) return;
    kept.splice(0, seq - taken);
    taken = seq;
  }

  function receive(text) {
    on("frame", "in", text);
    if (!text.startsWith(own)) had++;
    hear();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = null;
    }
    if (typeof frame?.event !== "string") return on("other", frame);
    const { event, id, data } = frame;
    const error = event === "error" ? new Refused(data?.code ?? "internal", data?.message ?? "refused") : null;
    if (typeof id === "string" && id.startsWith("$")) return event === "$cancel" ? questions.get(id)?.abort() : answer(frame);
    if (id !== undefined) return error ? settle(id, "reject", error) : settle(id, "resolve", data);
    if (error) return on("refused", error);
    if (event.startsWith("$")) return protocol[event]?.(data); // others are of a later version
    return on("event", event, data);
  }

  const protocol = {
    $connected: connected,
    $pong({ seq }) {
      acknowledge(seq);
      if (missedFrom < 0) return;
      const missed = had - missedFrom;
      missedFrom = -1;
      on("caughtUp", missed);
    },
    // Nothing new is sent here any more. What was sent is answered first.
    $goaway(data) {
      goaway = data;
      leaveWhenAnswered();
    },
    $shed: (n) => on("shed", n),
  };

  async function answer({ event, id, data }) {
    const stop = new AbortController();
    questions.set(id, stop);
    let says;
    try {
      const value = await on("asked", event, data, stop.signal);
      if (value === undefined) throw new Refused("unknown_event", "nobody answers that here");
      says = { event, id, data: value };
    } catch (error) {
      says = { event: "error", id, data: { code: error.code ?? "internal", message: error.message } };
    }
    if (questions.get(id) !== stop) return; // it was asked in a session that is over
    questions.delete(id);
    if (!stop.signal.aborted) say(JSON.stringify(says));
  }

  // say keeps what counts, and sends it now or when the session goes on.
  function say(text) {
    if (!text.startsWith(own)) kept.push(text);
    if (state !== "open") return;
    transmit(text);
    if (kept.length > 0 && kept.length % askAfter === 0) ping();
  }

  function transmit(text) {
    on("frame", "out", text);
    socket.send(text);
  }

  const write = (event, data) => transmit(JSON.stringify({ event, data }));
  const ping = () => write("$ping", { seq: had });

  function sendUnsent() {
    while (unsent.length > 0 && state === "open" && !goaway) {
      const call = calls.get(unsent.shift());
      if (!call) continue; // it was given up
      call.sent = true;
      say(call.text);
    }
  }

  function settle(id, how, value) {
    const call = calls.get(id);
    if (!call) return;
    calls.delete(id);
    clearTimeout(call.timer);
    call[how](value);
    leaveWhenAnswered();
  }

  function leaveWhenAnswered() {
    if (!goaway || state !== "open" || [...calls.values()].some((call) => call.sent)) return;
    leave({ code: 1001, reason: goaway.reason });
  }

  // hear is called for each sign of life. After silence the server is asked for one.
  function hear() {
    if (state !== "open") return;
    clearTimeout(timer);
    asking = false;
    if (heartbeat > 0) timer = setTimeout(ask, heartbeat);
  }

  // ask has patience once, however often it is called.
  function ask() {
    if (asking) return;
    asking = true;
    ping();
    clearTimeout(timer);
    timer = setTimeout(giveUp, patience);
  }

  const giveUp = () => leave({ code: 1006, reason: "nothing comes" });

  // leave closes the socket, and will be back: by an end of ours, and not before a time of ms.
  function leave(end, least = 0) {
    const old = socket;
    socket = null;
    old?.close(returning);
    on("frame", "life", `left with ${returning}: ${end.reason}`);
    gone(end, least);
  }

  function ended(end) {
    socket = null;
    on("frame", "life", `closed ${end.code} ${end.reason}`.trim());
    gone(end);
  }

  // gone decides what comes after a socket, or after an attempt to have one.
  function gone({ code, reason }, least = 0) {
    clearTimeout(timer);
    const opened = state === "open";
    attempt++;
    missedFrom = -1;
    asking = false;
    if (code === expired) expiries++;
    if (isFinal(code, reason) || expiries > 1) return finish({ code, reason });
    on("lost", { code, reason, opened });
    const chance = Math.random() * Math.min(lastBound, firstBound * 2 ** failures++);
    const asked = Math.max(least, goaway?.retryAfterMs ?? 0, code === tooMuch ? calmFor : 0);
    const delay = Math.max(chance, asked);
    goaway = null;
    notBefore = Date.now() + asked;
    timer = setTimeout(connect, delay);
    become("waiting", { seconds: delay / 1000, code, reason });
  }

  function finish(end) {
    clearTimeout(timer);
    attempt++;
    sid = goaway = null;
    forget();
    unsent = [];
    failures = expiries = 0;
    become("closed", end);
    for (const id of [...calls.keys()]) settle(id, "reject", new Refused("disconnected", "the connection is closed"));
  }

  // hangUp ends the session by our own wish.
  function hangUp() {
    if (socket) on("frame", "life", "closed 1000");
    const old = socket;
    socket = null;
    finish({ code: 1000, reason: "" });
    old?.close(1000);
  }

  function retry() {
    if (state === "waiting" || state === "closed") connect();
  }

  // A page that is shown again, or has a network again, does not wait.
  const wake = () => {
    if (state === "open") ask();
    else if (state === "waiting" && Date.now() >= notBefore) connect();
  };
  const listening = new AbortController();
  const listen = (target, event, what) => target.addEventListener(event, what, { signal: listening.signal });
  listen(window, "online", wake);
  listen(document, "visibilitychange", () => document.visibilityState === "visible" && wake());
  // In the back/forward cache nobody reads, and a browser would go on to answer pings.
  listen(window, "pagehide", ({ persisted }) => {
    if (!persisted || state === "closed") return;
    if (socket) leave({ code: returning, reason: "the page is put away" });
    clearTimeout(timer);
    attempt++;
    become("waiting", { seconds: 0, code: returning, reason: "" });
  });
  listen(window, "pageshow", ({ persisted }) => {
    if (!persisted || state !== "waiting") return;
    const left = notBefore - Date.now();
    if (left <= 0) return connect();
    timer = setTimeout(connect, left);
    become("waiting", { seconds: left / 1000, code: returning, reason: "" });
  });

  connect();

  return {
    // send is for what is of no use later: it waits for no answer, and does nothing without a connection.
    send(event, data) {
      if (state === "open" && !goaway) say(JSON.stringify({ event, data }));
    },
    // request resolves with the answer's data, or rejects with Refused, within a time of ms. It waits for a
    // connection.
    request(event, data, within = patience) {
      return new Promise((resolve, reject) => {
        const id = nextId++;
        const text = JSON.stringify({ event, id, data });
        const over = beyond(text, mostBytes);
        if (state === "closed") throw new Refused("disconnected", "the connection is closed");
        if (over > 0) throw new Refused("too_large", `${over} bytes more than the server takes in one message`);
        const timer = setTimeout(() => settle(id, "reject", new Refused("timeout", "no answer")), within);
        calls.set(id, { text, sent: false, resolve, reject, timer });
        unsent.push(id);
        sendUnsent();
      });
    },
    // excess is by how many bytes a request would be longer than the server takes; 0 if it is not.
    excess: (event, data) => beyond(JSON.stringify({ event, id: 999999, data }), mostBytes),
    isOpen: () => state === "open",
    retry,
    // cut loses the socket for a time of ms. A page cannot do that without a Close, so this says 4000.
    cut(ms) {
      if (state === "open") leave({ code: returning, reason: "cut" }, ms);
    },
    // again ends the session, and begins another with another token.
    again() {
      hangUp();
      connect();
    },
    stop() {
      listening.abort();
      hangUp();
    },
  };
}

function beyond(text, most) {
  if (text.length * 3 <= most) return 0;
  return Math.max(0, new TextEncoder().encode(text).length - most);
}
