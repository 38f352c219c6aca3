// Plays states.txt: a scripted server, a scripted page and a scripted clock around one
// client. Writes a line of JSON for each case: its name, and what was otherwise.
//
//   node states.mjs CLIENT.mjs states.txt
import { deepStrictEqual, fail, ok, strictEqual } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { clear, linesOf, nothingIsLeft, pass, settle, Socket, sockets, turn, uncaught } from "./stage.mjs";

// ---- a case

let world;
const { WsClient, WsError } = await import(pathToFileURL(process.argv[2]).href);

function begin(options) {
  const { token, ...rest } = options;
  world = { results: new Map(), heard: [], token: undefined, asked: undefined };
  if (token === "function") {
    rest.token = async () => {
      if (world.token === "later") return new Promise((resolve) => (world.signIn = resolve));
      return world.token;
    };
  } else if (token) rest.token = token;
  rest.tap = (_, text) => {
    const { uponFrame } = world;
    if (uponFrame && text.startsWith(`{"event":"${uponFrame.event}"`)) user(uponFrame.then);
  };
  // The first line may be about the token, so the client begins behind it.
  world.make = () => {
    const client = (world.client = new WsClient("/states", "digest", { ...rest, WebSocket: Socket }));
    client.onState((state) => world.heard.push(["state", state]));
    if (client.state !== "idle") world.heard.push(["state", client.state]);
    client.onOpen((opened) => world.heard.push(["open", JSON.parse(JSON.stringify(opened))])); // no undefined
    client.onError((error) => world.heard.push(["error", error.code]));
    client.onShed((n) => world.heard.push(["shed", n]));
    client.onState((state, cause) => (world.cause = cause));
    client.handle("confirm", (data, { signal }) => {
      world.question = { data, signal };
      signal.addEventListener("abort", () => world.uponAbort && user(world.uponAbort));
      return new Promise((resolve) => (world.answer = resolve));
    });
  };
}

console.error = () => {}; // edges.mjs hears what is said there

const socket = () => sockets.at(-1) ?? fail("there is no socket");
const given = '{"event":"$connected","data":{"sid":"s1","resumed":false,"seq":0,"heartbeatMs":25000,"maxBytes":65536}}';

async function stream(result) {
  if (result.runs) return;
  result.runs = true;
  try {
    while (result.taken < result.want) {
      const { done, value } = await result.items.next();
      if (done) return (result.is = "done");
      result.taken++;
      result.is = value;
    }
  } catch (e) {
    result.error = e.code ?? String(e);
  } finally {
    result.runs = false;
  }
}

function promise(name, start) {
  const abort = new AbortController();
  const result = { abort };
  world.results.set(name, result);
  start(abort.signal).then(
    (value) => (result.is = value ?? null),
    (e) => (result.error = e.code ?? String(e)),
  );
}

function user(text) {
  const { client } = world;
  const [, what, rest = ""] = /^(\S+) ?(.*)$/.exec(text);
  const [, args, name] = /^(.*?)(?: ?= (\w+))?$/.exec(rest);
  const [, event, data = "null"] = /^(\S*) ?(.*)$/.exec(args);
  switch (what) {
    case "connect":
      return client.connect();
    case "close": {
      const [code, reason] = args.split(" ");
      return args ? client.close(Number(code), reason) : client.close();
    }
    case "ready":
      return promise(name, () => client.ready());
    case "refresh":
      return promise(name, () => client.refresh());
    case "send":
      return void client.send(event, JSON.parse(data));
    case "call":
      return promise(name, (signal) => client.call(event, JSON.parse(data), { signal }));
    case "stream": {
      const abort = new AbortController();
      const { signal } = abort;
      const result = { abort, taken: 0, want: 1, items: client.stream(event, JSON.parse(data), { signal }) };
      world.results.set(name, result);
      return void stream(result);
    }
    case "take": {
      const result = world.results.get(event);
      result.want = Number(data);
      return void stream(result);
    }
    case "abort":
      return world.results.get(event).abort.abort(new WsError("aborted", "by the user"));
    case "answer":
      return world.answer(JSON.parse(args));
    case "when": {
      const [, state, then] = /^(\S+) (.*)$/.exec(rest);
      if (state === "aborted") return (world.uponAbort = then);
      if (state.startsWith("$")) return (world.uponFrame = { event: state, then });
      const off = client.onState((now) => now === state && (off(), user(then)));
      client.onState((now) => world.heard.push(["later", now]));
      return;
    }
  }
  fail(`nobody knows: user: ${text}`);
}

const kinds = {
  "user:": user,
  "socket:": (text) => {
    const [what, code, ...reason] = text.split(" ");
    if (what === "opens") socket().opens();
    else if (what === "breaks") socket().is(1006, "");
    else if (what === "fails") socket().onerror({});
    else socket().is(Number(code), reason.join(" "));
  },
  "server>": async (text) => {
    const items = /^items (\d+) (\d+)$/.exec(text);
    if (!items) return socket().onmessage({ data: text });
    for (let n = 1; n <= Number(items[2]); n++) {
      socket().onmessage({ data: `{"event":"numbers","id":${items[1]},"data":${n},"more":true}` });
      await settle();
    }
  },
  "client<": (text) => {
    const sent = socket().sent.shift();
    ok(sent, "it has sent nothing");
    ok(sent.startsWith('{"event":"'), `it counts otherwise: ${sent}`);
    deepStrictEqual(JSON.parse(sent), JSON.parse(text));
  },
  "client:": (text) => {
    const [what, code] = text.split(" ");
    if (what === "silent") return deepStrictEqual(socket().sent, []);
    const closed = sockets.findLast((each) => each.closed);
    strictEqual(String(closed?.closed.code), code);
  },
  "clock:": pass,
  "page:": turn,
  "token:": (text) => {
    world.token = text;
    world.signIn?.(text);
  },
  "state:": (text) => {
    const [state, code] = text.split(" ");
    strictEqual(world.client.state, state);
    if (code) strictEqual(String(world.cause?.code), code);
  },
  "sockets:": (text) => strictEqual(sockets.length, Number(text)),
  "question:": (text) => {
    if (text === "aborted") return ok(world.question?.signal.aborted);
    deepStrictEqual(world.question?.data, JSON.parse(text));
    ok(!world.question.signal.aborted);
  },
  "heard:": (text) => deepStrictEqual(world.heard.splice(0), JSON.parse(text)),
  "given:": () => {
    socket().opens();
    strictEqual(JSON.parse(socket().sent.shift()).event, "$connect");
    socket().onmessage({ data: given });
    strictEqual(world.client.state, "open");
  },
};

async function line(text) {
  const result = /^result (\w+): (.*)$/.exec(text);
  if (result) {
    const { is, error } = world.results.get(result[1]);
    if (result[2] === "pending") return deepStrictEqual({ is, error }, { is: undefined, error: undefined });
    if (result[2].startsWith("error ")) return strictEqual(error, result[2].slice(6));
    strictEqual(error, undefined);
    return deepStrictEqual(is, JSON.parse(result[2]));
  }
  const [, kind, rest] = /^(\S+) (.*)$/.exec(text) ?? fail(`no such line: ${text}`);
  await (kinds[kind] ?? fail(`no such line: ${text}`))(rest);
}

async function play(lines) {
  let at = lines[0];
  try {
    for (at of lines) {
      if (!world.client && !at.text.startsWith("token: ")) {
        world.make();
        await settle();
      }
      await line(at.text);
      await settle();
      uncaught();
    }
    deepStrictEqual(
      sockets.flatMap((each) => each.sent),
      [],
      "it has sent more",
    );
    world.client.close();
    await settle();
    nothingIsLeft();
  } catch (e) {
    return `states.txt:${at.number}: ${at.text}\n${e.message}`;
  } finally {
    clear();
  }
}

const cases = [];
for (const line of linesOf(process.argv[3])) {
  if (line.text.startsWith("case ")) cases.push({ name: line.text.slice(5), lines: [] });
  else cases.at(-1).lines.push(line);
}
for (const { name, lines } of cases) {
  const first = lines[0].text.startsWith("options: ") ? lines.shift().text.slice(9) : '{"url":"ws://server.test"}';
  const codes = lines
    .find(({ text }) => text.startsWith("each code: "))
    ?.text.slice(11)
    .split(" ") ?? [""];
  for (const code of codes) {
    begin(JSON.parse(first));
    const mine = lines
      .filter(({ text }) => !text.startsWith("each code: "))
      .map((each) => ({ ...each, text: each.text.replace("$code", code) }));
    const wrong = await play(mine);
    console.log(JSON.stringify({ name: code ? `${name} ${code}` : name, wrong }));
  }
}
