// The page's connection to the chat, by the client that wsgen writes of the gateways, live.gen.js. What is here is
// the page's own: which node it speaks to, the frames that it shows, a line that can be cut, and another client for
// another user.
import { ChatClient } from "./live.gen.js";
import { at, lost } from "./nodes.js";
import { showFrame } from "./wire.js";

const path = "/ws";
const own = '{"event":"$'; // the beginning of a message of the protocol's, which does not count
const left = 4000; // a client closes with this if it will be back
const away = 1001;

// gone reports whether a call failed because its connection is gone. What follows is told elsewhere.
export const gone = ({ code }) => code === "disconnected" || code === "closed";

// Socket is what the clients of this page connect with: to the node that the page speaks to.
export class Socket extends WebSocket {
  constructor(url, protocols) {
    super(at(url), protocols);
  }
}

// unreachable is a socket that does not open.
function unreachable() {
  const socket = { readyState: WebSocket.CLOSED, send() {}, close() {} };
  setTimeout(() => socket.onclose?.({ code: left, reason: "cut" }));
  return socket;
}

// newLine makes a line that can be cut for a time of ms. No socket of its class opens meanwhile.
function newLine() {
  let socket = null;
  let cut = 0; // the timer of its end

  function mend() {
    clearTimeout(cut);
    cut = 0;
  }

  return {
    mend,
    Socket: function (url, protocols) {
      socket = cut ? unreachable() : new Socket(url, protocols);
      return socket;
    },
    // cut is noticed at once. A page cannot lose a socket without a Close, so this says 4000.
    cut(ms) {
      mend();
      cut = setTimeout(() => {
        mend();
        dispatchEvent(new Event("online")); // as browsers say it
      }, ms);
      const ended = socket;
      ended.close(left, "cut");
      ended.onclose({ code: left, reason: "cut" });
    },
  };
}

// newSession prepares a connection, which begin opens. token makes what each attempt shows.
export function newSession(token) {
  const line = newLine();
  const wiring = [];
  const listeners = { state: [], open: [], joined: [] };
  let client = null;
  let open = false;
  let had = 0; // messages that count
  let connected = {}; // what the server said when it opened
  let goaway = null; // what it said when it asked us to leave

  function heard(way, text) {
    showFrame(way, path, text);
    if (way === "out") return;
    if (!text.startsWith(own)) return had++;
    const { event, data } = JSON.parse(text);
    if (event === "$connected") connected = data;
    if (event === "$goaway") goaway = data;
    if (event === "$joined") for (const listener of listeners.joined) listener(data);
  }

  function became(name, cause) {
    const opened = open;
    open = name === "open";
    if (cause) cause = ended(opened || name === "closed", cause);
    if (name === "waiting") lost({ ...cause, opened });
    for (const listener of listeners.state) listener(name, cause);
  }

  // ended shows why, and returns it. Who was asked to leave has left, and the server has gone away.
  function ended(shown, { code, reason, retryInMs }) {
    const asked = code === left ? goaway : null;
    goaway = null;
    reason = asked?.reason ?? reason;
    if (shown) showFrame("life", path, code === left ? `left with ${code}: ${reason}` : `closed ${code} ${reason}`.trim());
    return { code: asked ? away : code, reason, retryInMs };
  }

  function opened({ resumed, skew }) {
    const why = resumed ? undefined : connected.why;
    const how = resumed ? "the session goes on" : why && `a new session (${why})`;
    showFrame("life", path, ["connected", how].filter(Boolean).join(": "));
    for (const listener of listeners.open) listener({ resumed, skew, why });
  }

  function begin() {
    const begun = (client = new ChatClient({ token, tap: heard, WebSocket: line.Socket, lazy: true }));
    begun.onState(became);
    begun.onOpen(opened);
    for (const wire of wiring) wire(begun);
    begun.connect();
  }

  return {
    begin,
    // client is the one of now. What listens to it is given to each, which is called with every one.
    get client() {
      return client;
    },
    each: (wire) => wiring.push(wire),
    onState: (listener) => listeners.state.push(listener),
    onOpen: (listener) => listeners.open.push(listener),
    // onJoined is told where following begins, as the server says it. What becomes of that the client tells.
    onJoined: (listener) => listeners.joined.push(listener),
    isOpen: () => client?.state === "open",
    // had is how many messages have come that count.
    had: () => had,
    // excess is by how many bytes a call would be longer than the server takes; 0 if it is not.
    excess: (event, data) => beyond(JSON.stringify({ event, id: 999999, data }), connected.maxBytes ?? 64 << 10),
    cut: (ms) => client?.state === "open" && line.cut(ms),
    retry() {
      line.mend();
      if (client.state === "closed") begin(); // that is for good
      else client.connect();
    },
    // again ends the session, and begins another with another token.
    again() {
      client.close();
      begin();
    },
  };
}

function beyond(text, most) {
  if (text.length * 3 <= most) return 0;
  return Math.max(0, new TextEncoder().encode(text).length - most);
}
