// One connection to a gateway that comes back by itself, and the plain events protocol on it.
import { at } from "./nodes.js";

const firstDelay = 300; // ms before the first new attempt
const longestDelay = 5000;
const answerWithin = 10000; // ms until an unanswered request is given up
const mostBytes = 64 << 10; // of a message: the server's Options.MaxMessageBytes, beyond which it closes

// Refused is the reason why a request is rejected: an error frame, or the end of the connection.
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// excess is by how many bytes a request would be longer than the server takes; 0 if it is not.
export const excess = (event, data) => beyond(JSON.stringify({ event, id: 999999, data }));

function beyond(text) {
  if (text.length * 3 <= mostBytes) return 0;
  return Math.max(0, new TextEncoder().encode(text).length - mostBytes);
}

// connect opens path and keeps it open until stop. Its listeners, all optional:
//   open()                 the connection stands, again after every loss
//   event(name, data)      a push
//   other(value)           a frame that is no event
//   refused(error)         an error frame that answers no request
//   state(name, detail)    connecting, open, waiting (detail: {seconds, code, reason}), closed
//   frame(way, path, text) whatever crosses the wire: way is "in", "out" or "life"
//   lost(end)              the connection has ended, or none was made; what comes next may be another node
//   token()                what to show when connecting, or a promise of it; null for nothing
export function connect(path, listeners) {
  const on = (name, ...args) => listeners[name]?.(...args);
  const waiting = new Map(); // id → {resolve, reject, timer}
  let socket = null;
  let attempts = 0;
  let nextId = 1;
  let timer = 0;
  let stopped = false;
  let opening = 0; // counts attempts, so that one which another has overtaken ends

  async function open() {
    clearTimeout(timer);
    const attempt = ++opening;
    on("state", "connecting");
    let token;
    try {
      token = await on("token");
    } catch {
      if (attempt === opening) lost({ code: 0, reason: "" });
      return;
    }
    if (attempt !== opening) return;
    // A page can set one header of the handshake, Sec-WebSocket-Protocol, so the token goes in there:
    // unlike a URL it is in no log on the way.
    const current = new WebSocket(at(path).replace(/^http/, "ws"), token ? ["bearer", token] : []);
    socket = current;
    current.onopen = () => {
      attempts = 0;
      on("frame", "life", path, "connected");
      on("state", "open");
      on("open");
    };
    current.onmessage = (message) => receive(message.data);
    current.onclose = (end) => closed(current, end);
  }

  function closed(current, end) {
    if (current !== socket) return;
    socket = null;
    const why = end.reason ? `${end.code} ${end.reason}` : String(end.code);
    on("frame", "life", path, `closed ${why}`);
    for (const id of [...waiting.keys()]) settle(id, "reject", new Refused("closed", "the connection was lost"));
    lost(end);
  }

  function lost(end) {
    if (stopped) {
      on("state", "closed");
      return;
    }
    on("lost", end);
    // Up to half of the delay is chance, so that the clients of a restarted server do not come at once.
    const delay = Math.min(longestDelay, firstDelay * 1.8 ** attempts++) * (0.5 + Math.random() / 2);
    timer = setTimeout(open, delay);
    on("state", "waiting", { seconds: delay / 1000, code: end.code, reason: end.reason });
  }

  function receive(text) {
    on("frame", "in", path, text);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = null;
    }
    if (typeof frame?.event !== "string") return on("other", frame);
    const failed = frame.event === "error";
    const error = failed && new Refused(frame.data?.code ?? "internal", frame.data?.message ?? "refused");
    if ("id" in frame) return settle(frame.id, failed ? "reject" : "resolve", failed ? error : frame.data);
    return failed ? on("refused", error) : on("event", frame.event, frame.data);
  }

  function settle(id, how, value) {
    const request = waiting.get(id);
    if (!request) return;
    waiting.delete(id);
    clearTimeout(request.timer);
    request[how](value);
  }

  function write(frame) {
    if (socket?.readyState !== WebSocket.OPEN) throw new Refused("closed", "not connected");
    const text = JSON.stringify(frame);
    const over = beyond(text);
    if (over > 0) throw new Refused("too_large", `${over} bytes more than the server takes in one message`);
    on("frame", "out", path, text);
    socket.send(text);
  }

  open();
  addEventListener("online", retry);

  function retry() {
    if (!socket && !stopped) open();
  }

  // again gives the connection up for a new one, which shows another token.
  function again() {
    attempts = 0;
    if (socket) {
      const old = socket;
      old.onmessage = null;
      closed(old, { code: 1000, reason: "" });
      old.close(1000);
    }
    open();
  }

  return {
    // send does not wait for an answer, and does nothing while there is no connection. It is for short
    // data.
    send(event, data) {
      if (socket?.readyState === WebSocket.OPEN) write({ event, data });
    },
    // request resolves with the answer's data, or rejects with Refused.
    request(event, data) {
      return new Promise((resolve, reject) => {
        const id = nextId++;
        write({ event, id, data });
        const timer = setTimeout(() => settle(id, "reject", new Refused("timeout", "no answer")), answerWithin);
        waiting.set(id, { resolve, reject, timer });
      });
    },
    retry,
    again,
    isOpen: () => socket?.readyState === WebSocket.OPEN,
    stop() {
      stopped = true;
      opening++;
      clearTimeout(timer);
      removeEventListener("online", retry);
      if (socket) socket.close(1000);
      else on("state", "closed");
    },
  };
}
