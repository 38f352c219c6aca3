// A clock, a page and sockets that a script has in its hand. To import this takes the
// place of the globals that a client uses, so it comes before the client.
import { ok, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";

// ---- the clock

let now = 1_000_000;
let timers = [];
let lastTimer = 0;
globalThis.setTimeout = (fn, ms = 0) => {
  ok(ms >= 0, `a timer of ${ms} ms, which a browser runs at once`);
  const timer = { id: ++lastTimer, at: now + ms, fn };
  timers.push(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => void (timers = timers.filter((other) => other !== timer));
Date.now = () => now;
Math.random = () => 0.999;

/** Has everything happen that waits for no time. */
export async function settle() {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Has time pass: 500ms, 10s, 1m or 1h. */
export async function pass(text) {
  const [, n, unit] = /^(\d+)(ms|s|m|h)$/.exec(text);
  const until = now + Number(n) * units[unit];
  for (;;) {
    const [next] = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.id - b.id);
    if (!next) break;
    now = Math.max(now, next.at);
    clearTimeout(next);
    next.fn();
    await settle();
  }
  now = until;
}

// ---- the page

const page = new Map();
const listening = {
  addEventListener: (name, fn) => page.set(name, [...(page.get(name) ?? []), fn]),
  removeEventListener: (name, fn) =>
    page.set(
      name,
      page.get(name).filter((other) => other !== fn),
    ),
};
Object.assign(globalThis, listening, { document: { ...listening, visibilityState: "visible" } });

/** What happens to the page, or to its network. */
export function turn(what) {
  const tell = (type, more) => (page.get(type) ?? []).forEach((fn) => fn({ type, ...more }));
  if (what === "hide" || what === "show") {
    globalThis.document.visibilityState = what === "hide" ? "hidden" : "visible";
    tell("visibilitychange");
  } else if (what === "unload") tell("pagehide", { persisted: false });
  else tell(what, { persisted: true });
}

// ---- the server's end of sockets

/** Those that the client has made since the stage was cleared. */
export const sockets = [];

export class Socket {
  readyState = 0;
  sent = [];
  constructor(url, protocol) {
    this.url = url;
    this.protocol = protocol;
    sockets.push(this);
  }
  send(text) {
    strictEqual(this.readyState, 1, "it sends into a socket that is not open");
    this.sent.push(text);
  }
  close(code, reason) {
    // What a browser allows (WebSockets Standard, "close(code, reason)").
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new RangeError(`close(${code})`);
    this.closed = { code, reason };
    this.readyState = 2;
  }
  /** The handshake is answered. */
  opens() {
    strictEqual(this.url, "ws://server.test/states");
    strictEqual(this.protocol, "wsgen.v1.json");
    this.readyState = 1;
    this.onopen({});
  }
  /** The socket is closed. */
  is(code, reason) {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

// ---- between two cases

const thrown = [];
process.on("uncaughtException", (e) => thrown.push(e));

/** Throws what nobody has caught. */
export function uncaught() {
  if (thrown.length) throw thrown.shift();
}

/** Nothing of a client that was closed may be left. */
export function nothingIsLeft() {
  strictEqual(timers.length, 0, "timers are left");
  strictEqual([...page.values()].flat().length, 0, "it listens on");
}

export function clear() {
  timers = [];
  sockets.length = 0;
  page.clear();
  globalThis.document.visibilityState = "visible";
}

/** The lines of a file that say something, with their numbers. */
export function linesOf(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((raw, i) => ({ number: i + 1, text: raw.trim() }))
    .filter(({ text }) => text && !text.startsWith("#"));
}
