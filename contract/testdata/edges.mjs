// What a client does that neither its states nor a server shows: loops that are ended from
// outside, what is kept of what has ended and of histories, a token that comes too late, and
// what can never connect.
// Writes a line of JSON for each case: its name, and what was otherwise.
//
//   node edges.mjs CLIENT.mjs
import { deepStrictEqual, fail, match, ok, strictEqual } from "node:assert/strict";
import { getEventListeners } from "node:events";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const { WsClient } = await import(pathToFileURL(process.argv[2]).href);
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** Has everything happen that waits for no time. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** What a promise becomes that does not wait for anybody. */
async function soon(promise) {
  const late = new Promise((resolve) => setTimeout(resolve, 2000));
  const is = await Promise.race([promise.then((value) => ({ value })), late]);
  return is ? is.value : fail("in vain for two seconds");
}

/** A server that lets everybody in, and notes what they send. */
class Socket {
  static all = [];
  static forgets = false; // what was before
  readyState = 0;
  sent = [];
  constructor() {
    Socket.all.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen({});
    });
  }
  send(text) {
    const frame = JSON.parse(text);
    if (frame.event !== "$connect") return void this.sent.push(frame);
    this.connect = frame.data;
    const resumed = frame.data.resume !== undefined && !Socket.forgets;
    this.says({ event: "$connected", data: { sid: "s1", resumed, seq: 0 } });
  }
  says(frame) {
    queueMicrotask(() => this.readyState === 1 && this.onmessage({ data: JSON.stringify(frame) }));
  }
  breaks() {
    this.readyState = 3;
    this.onclose({ code: 1006, reason: "" });
  }
  close() {
    this.readyState = 3;
  }
}

async function open(options = {}) {
  const client = new WsClient("/edges", "digest", { url: "ws://server.test", WebSocket: Socket, ...options });
  await client.ready();
  return { client, socket: Socket.all.at(-1), signal: new AbortController().signal };
}

const over = { done: true, value: undefined };
const listening = (signal) => getEventListeners(signal, "abort").length;

const cases = {
  async "a loop over pushes that waits is ended from outside"() {
    const { client, signal } = await open();
    const ticks = client.events("tick", { signal });
    const waits = ticks.next();
    deepStrictEqual(await soon(ticks.return()), over);
    deepStrictEqual(await soon(waits), over);
    await settle();
    strictEqual(listening(signal), 0);
    return client;
  },

  async "a loop over pushes is ended before it has begun"() {
    const { client, signal } = await open();
    const ticks = client.events("tick", { signal });
    ok(listening(signal) > 0, "it does not listen");
    deepStrictEqual(await soon(ticks.return()), over);
    deepStrictEqual(await soon(ticks.next()), over);
    await settle();
    strictEqual(listening(signal), 0);
    return client;
  },

  async "a stream that waits is ended from outside"() {
    const { client, socket, signal } = await open();
    const numbers = client.stream("numbers", { to: 3 }, { signal });
    const waits = numbers.next();
    await settle();
    deepStrictEqual(socket.sent.splice(0), [{ event: "numbers", id: 1, data: { to: 3 }, meta: { credit: "64" } }]);
    deepStrictEqual(await soon(numbers.return()), over);
    deepStrictEqual(await soon(waits), over);
    await settle();
    deepStrictEqual(socket.sent, [{ event: "$cancel", id: 1 }]);
    strictEqual(listening(signal), 0);
    return client;
  },

  async "a stream that is ended before it has begun is not sent"() {
    const { client, socket } = await open();
    const numbers = client.stream("numbers", { to: 3 });
    deepStrictEqual(await soon(numbers.return()), over);
    deepStrictEqual(await soon(numbers.next()), over);
    await settle();
    deepStrictEqual(socket.sent, []);
    return client;
  },

  async "a server that sends more of a stream than it may loses it"() {
    const { client, socket } = await open();
    const numbers = client.stream("numbers", { to: 3 });
    const first = numbers.next();
    await settle();
    for (let n = 1; n <= 1000; n++) socket.says({ event: "numbers", id: 1, data: n, more: true });
    await settle();
    deepStrictEqual(await soon(first), { done: false, value: 1 });
    let taken = 1;
    const loop = async () => {
      for await (const n of numbers) strictEqual(n, ++taken);
    };
    strictEqual(await soon(loop().catch((e) => e.code ?? String(e))), "overflow");
    ok(taken >= 64 && taken < 200, `${taken} were kept`);
    deepStrictEqual(socket.sent.at(-1), { event: "$cancel", id: 1 });
    return client;
  },

  async "what has ended is not kept"() {
    const { client, socket, signal } = await open();
    const begun = [];
    const begin = (start) => {
      const reason = new Error("enough");
      begun.push(new WeakRef(reason));
      start(AbortSignal.abort(reason));
    };
    begin((signal) => client.events("tick", { signal }));
    begin((signal) => void client.once("tick", { signal }).catch(() => {}));
    begin((signal) => void client.ready({ signal }).catch(() => {}));
    begin((signal) => void client.call("echo", 1, { signal }).catch(() => {}));
    begin((signal) => void client.stream("numbers", 1, { signal }).next().catch(() => {}));
    begin((signal) => client.on("tick", () => {}, { signal }));
    for (let i = 0; i < 3; i++) {
      await settle();
      collect();
    }
    deepStrictEqual(begun.map((each) => each.deref()).filter(Boolean), []);
    const call = client.call("echo", 1, { signal });
    socket.says({ event: "echo", id: socket.sent.at(-1).id, data: 1 });
    strictEqual(await soon(call), 1);
    strictEqual(listening(signal), 0);
    return client;
  },

  async "of more histories than a server takes the newest are claimed, and of the others nothing is known"() {
    const { client, socket } = await open();
    const told = [];
    client.onRecovered(({ log }) => told.push(`recovered ${log}`));
    client.onLost(({ log }) => told.push(`lost ${log}`));
    const log = (n) => `${n}`.padStart(11, "0");
    const joins = (socket, n, more) => socket.says({ event: "$joined", data: { log: log(n), at: "k3Jx.1", ...more } });
    for (let n = 0; n < 300; n++) joins(socket, n);
    socket.says({ event: "tick", data: 1, log: log(44), at: "k3Jx.2" });
    socket.says({ event: "tick", data: 1, log: log(45), at: 3 }); // which no server of wsgen sends
    await settle();
    Socket.forgets = true;
    socket.breaks();
    client.connect();
    await client.ready();
    Socket.forgets = false;
    const next = Socket.all.at(-1);
    strictEqual(Object.keys(next.connect.at).length, 256);
    deepStrictEqual([43, 44, 45].map((n) => next.connect.at[log(n)]), [undefined, "k3Jx.2", "k3Jx.1"]);
    joins(next, 0);
    joins(next, 299, { recovered: true });
    joins(next, 299, { recovered: true });
    joins(next, 298, { recovered: false });
    joins(next, 297);
    joins(next, 0);
    await settle();
    deepStrictEqual(told, [`lost ${log(0)}`, `recovered ${log(299)}`, `lost ${log(298)}`, `lost ${log(297)}`]);
    return client;
  },

  async "a token that comes too late is not shown"() {
    let tell;
    const tokens = ["first", new Promise((resolve) => (tell = resolve)), "third"];
    const { client, socket } = await open({ token: () => tokens.shift() });
    strictEqual(socket.connect.token, "first");
    const refreshed = client.refresh();
    await settle();
    socket.breaks();
    client.connect();
    await client.ready();
    strictEqual(Socket.all.at(-1).connect.token, "third");
    tell("second");
    await soon(refreshed);
    await settle();
    deepStrictEqual(Socket.all.at(-1).sent, []);
    return client;
  },

  async "what can never connect says why, and what to do"() {
    const { error } = console;
    const { WebSocket } = globalThis; // which newer versions of Node have
    const said = [];
    const ends = async (options) => {
      const client = new WsClient("/edges", "digest", options);
      const why = new Promise((resolve) => client.onState((state, cause) => state === "closed" && resolve(cause)));
      const { code, reason } = await soon(why);
      strictEqual(code, 0);
      deepStrictEqual(said.splice(0), [reason]);
      return reason;
    };
    console.error = (text) => said.push(text);
    delete globalThis.WebSocket;
    try {
      const without = await ends({ url: "wss://server.test" });
      strictEqual(without, "/edges: no WebSocket here: set WsOptions.WebSocket");
      for (const url of ["server.test", "wss://", undefined]) {
        const reason = await ends({ url, WebSocket: Socket });
        match(reason, /^\/edges: WsOptions.url is .*, and has to be as wss:\/\/HOST: TypeError.*: Invalid URL$/);
        ok(reason.includes(`url is ${url},`), reason);
      }
    } finally {
      console.error = error;
      if (WebSocket) globalThis.WebSocket = WebSocket;
    }
    return (await open()).client;
  },
};

for (const [name, run] of Object.entries(cases)) {
  let wrong = "";
  try {
    (await run()).close();
  } catch (e) {
    wrong = String(e.stack ?? e);
  }
  console.log(JSON.stringify({ name, wrong }));
}
process.exit(0);
