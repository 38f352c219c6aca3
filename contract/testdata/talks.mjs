// Carries out the talks of runtime/client/testdata/states.txt, which says what its lines
// mean, with a client in TypeScript. Writes a line of JSON for each talk: its name, and
// what was otherwise.
//
//   node talks.mjs CLIENT.mjs talks.txt
import { deepStrictEqual, fail, ok, strictEqual } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { clear, linesOf, nothingIsLeft, pass, settle, Socket, sockets, uncaught } from "./stage.mjs";

const { WsClient, WsError } = await import(pathToFileURL(process.argv[2]).href);

// ---- the server

/** A socket that notes the Close among what is sent. */
class Heard extends Socket {
  close(code, reason) {
    if (this.readyState === 1) this.sent.push(`close ${code}`);
    super.close(code, reason);
  }
}

let world;

/** How many sockets have come that nobody has taken. */
const waiting = () => (world.stuck ? 0 : sockets.length - world.taken);

/** The socket that has come, or undefined. */
function come() {
  if (waiting() === 0) return;
  world.code = undefined;
  return (world.socket = sockets[world.taken++]);
}

/** What a browser tells of a socket that was not opened, whatever the server has answered. */
function fails(socket) {
  socket.onerror({});
  socket.is(1006, "");
}

const server = {
  accept: () => (come() ?? fail("no socket has come")).opens(),
  ignore: () => void (come() ?? fail("no socket has come")),
  refuse: () => fails(come() ?? fail("no socket has come")),
  nobody: () => strictEqual(waiting(), 0, "a socket has come"),
  gets(want) {
    const { sent, closed } = world.socket;
    if (want === "end") return ok(closed, "the client has not ended the socket");
    if (want === "nothing") return deepStrictEqual(sent, []);
    const text = sent.shift() ?? fail("nothing has come");
    ok(/^(close |\{"event":")/.test(text), `it counts otherwise: ${text}`);
    same(want, text);
  },
  sends: (text) => world.socket.onmessage({ data: text }),
  closes(rest) {
    const [, code, reason] = /^(\d+) ?(.*)$/.exec(rest);
    const { socket } = world;
    if (!socket.closed) socket.sent.push(`close ${code}`); // which a browser answers by itself
    world.code = Number(code);
    socket.is(Number(code), reason);
  },
  cuts() {
    const fresh = come();
    if (fresh) fails(fresh);
    else world.socket.is(1006, "");
  },
};

/** Compares two texts, as JSON if they are JSON. */
function same(want, got) {
  if (want === got) return;
  const [w, g] = [want, got].map((text) => (text.startsWith("close ") ? undefined : JSON.parse(text)));
  ok(w !== undefined && g !== undefined && alike(w, g), `there is ${got}`);
}

/** "…" is any string, and data that is null may be missing. */
function alike(want, got) {
  if (want === "…") return typeof got === "string";
  if (want === null || got === null || typeof want !== "object" || typeof got !== "object") return want === got;
  if (Array.isArray(want) !== Array.isArray(got)) return false;
  const names = new Set([...Object.keys(want), ...Object.keys(got)]);
  return [...names].every((name) => {
    const [w, g] = [want, got].map((members) => (name === "data" ? (members.data ?? null) : members[name]));
    return w !== undefined && g !== undefined && alike(w, g);
  });
}

// ---- the user

/** Notes what becomes of a call, and returns the signal that cancels it. */
function begin(name, start) {
  const abort = new AbortController();
  const result = { abort, values: [] };
  world.calls.set(name, result);
  start(abort.signal, result.values).then(
    (value) => (result.is = value),
    (e) => (result.is = `fails ${e.code ?? e}`),
  );
}

async function loop(items, values) {
  for await (const value of items) values.push(value);
  return "ends";
}

/** NAME EVENT JSON */
const words = (rest) => /^(\S+) (\S+) (.*)$/.exec(rest).slice(1);

/** What a call has returned; undefined: nothing yet. */
const result = (name) => world.calls.get(name).is;

/** What the user was told first of what nobody has looked at. */
const told = (all, want) => (want === "no" ? deepStrictEqual(all, []) : strictEqual(all.shift(), want));

const user = {
  call(rest) {
    const [name, event, data] = words(rest);
    const text = async (signal) =>
      JSON.stringify((await world.client.call(event, JSON.parse(data), { signal })) ?? null);
    begin(name, text);
  },
  stream(rest) {
    const [name, event, data] = words(rest);
    begin(name, (signal, values) => loop(world.client.stream(event, JSON.parse(data), { signal }), values));
  },
  send(rest) {
    const [, event, data] = /^(\S+) (.*)$/.exec(rest);
    ok(world.client.send(event, JSON.parse(data)), "it was not taken");
  },
  cancel: (name) => world.calls.get(name).abort.abort(new WsError("canceled", "by the user")),
  refresh: (name) => begin(name, async () => JSON.stringify((await world.client.refresh()) ?? null)),
  close: () => world.client.close(),
  asked(want) {
    world.question = world.questions.shift() ?? fail("nothing was asked");
    same(want, JSON.stringify(world.question.data));
  },
  unasked: () => ok(world.question.signal.aborted, "the answer is still wanted"),
  replies: (answer) => world.question.reply(JSON.parse(answer)),
  answer(rest) {
    const [, name, want] = /^(\S+) (.*)$/.exec(rest);
    strictEqual(result(name), want);
  },
  fails(rest) {
    const [name, code] = rest.split(" ");
    strictEqual(result(name), `fails ${code}`);
  },
  pending: (name) => strictEqual(result(name), undefined),
  values(rest) {
    const [, name, want] = /^(\S+) (.*)$/.exec(rest);
    strictEqual(JSON.stringify(world.calls.get(name).values.splice(0)), want);
  },
  ends: (name) => strictEqual(result(name), "ends"),
  state(rest) {
    const [state, code] = rest.split(" ");
    strictEqual(world.client.state, state);
    if (code) strictEqual(closeOf(world.cause), Number(code), JSON.stringify(world.cause));
  },
  opened: (want) => told(world.opened, want),
  recovered: (want) => told(world.recovered, want),
  lost: (want) => told(world.lost, want),
  passes: pass,
};

// Where no Close came, a page has a code all the same: 1006 from the browser, and from
// the client 4408 or 4000 where it has given up a server that is silent.
const givenUp = { 4408: "no answer", 4000: "no sign of life" };

/** The code of the Close that is a cause; 0 if it was none. */
function closeOf({ code, reason }) {
  const none = code === 1006 || givenUp[code] === reason;
  return none && world.code === undefined ? 0 : code;
}

const verbs = { ...server, ...user };

// ---- a talk

function meet({ tokens, stuck }) {
  world = { stuck, taken: 0, calls: new Map(), opened: [], recovered: [], lost: [], questions: [] };
  const options = { url: "ws://server.test", WebSocket: Heard, timeoutMs: 0, retry: { minMs: 500, maxMs: 500 } };
  if (tokens) {
    const left = [...tokens];
    options.token = async () => {
      const next = left.length > 1 ? left.shift() : left[0];
      if (next === "stuck") return new Promise(() => {});
      if (next === "fails") throw new Error("no token today");
      return next;
    };
  }
  const { calls, opened, recovered, lost, questions } = world;
  const client = (world.client = new WsClient("/states", "digest", options));
  client.onState((_, cause) => (world.cause = cause));
  client.onOpen(({ resumed, why = "" }) => opened.push(`${resumed ? "resumed" : "new"} ${why}`.trim()));
  client.onRecovered(({ log, at }) => recovered.push(`${log} ${at}`));
  client.onLost(({ log, at }) => lost.push(`${log} ${at}`));
  client.handle("confirm", (data, { signal }) => new Promise((reply) => questions.push({ data, signal, reply })));
}

async function carryOut(talk) {
  let at = talk.steps[0];
  try {
    meet(talk);
    await settle();
    for (at of talk.steps) {
      const [, verb, rest] = /^(\S+) ?(.*)$/.exec(at.text);
      await (verbs[verb] ?? fail("there is no such verb"))(rest);
      await settle();
      uncaught();
    }
    const made = sockets.length;
    world.client.close();
    await pass("1s");
    await settle();
    nothingIsLeft();
    strictEqual(sockets.length, made, "it connects after close()");
  } catch (e) {
    return `line ${at.number}: ${at.text}\n${e.message}`;
  } finally {
    clear();
  }
}

// ---- the talks of a file

/** The talks of a title: one for each word in its braces. */
function titled(title) {
  const [, name, list] = /^(.*?)(?: \{(.*)\})?$/.exec(title);
  return (list?.split(" ") ?? [undefined]).map((word) => ({ name: word ? `${name} ${word}` : name, word, steps: [] }));
}

/** Adds a line to a talk. */
function add(talk, number, line) {
  const text = talk.word ? line.replaceAll("{}", talk.word) : line;
  const [, verb, rest] = /^(\S+) ?(.*)$/.exec(text);
  if (verb === "only") talk.others = rest !== "ts";
  else if (verb === "token") talk.tokens = rest.split(" ");
  else if (verb === "dial") talk.stuck = true;
  else if (verb === "times") {
    const [, n, again] = /^(\d+) (.*)$/.exec(rest);
    for (let i = 0; i < Number(n); i++) add(talk, number, again);
  } else talk.steps.push({ number, text });
}

const talks = [];
let these = []; // those that the next line is of
for (const { number, text } of linesOf(process.argv[3])) {
  if (text.startsWith("== ")) talks.push(...(these = titled(text.slice(3))));
  else for (const talk of these) add(talk, number, text);
}
for (const talk of talks.filter(({ others }) => !others))
  console.log(JSON.stringify({ name: talk.name, wrong: await carryOut(talk) }));
