// What a client does against a real server, over a line that can be cut. Runs in Node,
// Deno, Bun and a browser. In a program it writes a line of JSON for each behaviour.
//
//   behaviours.mjs CLIENT CONTROL [ws]

const inPage = typeof document === "object";
const args = inPage ? ["./client.mjs", location.origin] : (globalThis.Deno?.args ?? process.argv.slice(2));
const [clientFile, control, library] = args;
const { BoardClient, WsError } = await import(inPage ? clientFile : new URL(clientFile, import.meta.url).href);
const WebSocketClass = library ? (await import("ws")).WebSocket : undefined;

// ---- what behaviours are written with

const post = async (path) => {
  const answer = await fetch(control + path, { method: "POST" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.text();
};

async function site(query = "") {
  const { id, url } = JSON.parse(await post(`/sites${query}`));
  const clients = [];
  return {
    url,
    do: (what) => post(`/sites/${id}/${what}`),
    async lose(client, how = "cut") {
      const lost = new Promise((resolve) => client.onState(resolve));
      await post(`/sites/${id}/${how}`);
      await lost;
    },
    client(options = {}) {
      const given = WebSocketClass ? { WebSocket: WebSocketClass } : {};
      const client = new BoardClient(
        { board: "a board/äöü" },
        { url, retry: { minMs: 20, maxMs: 100 }, ...given, ...options },
      );
      clients.push(client);
      return client;
    },
    end: () => clients.forEach((client) => client.close()),
  };
}

function same(is, want, what = "") {
  const [a, b] = [JSON.stringify(is), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what} is ${a}, and not ${b}`);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, condition) {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return;
    await pause(10);
  }
  throw new Error(`in vain: ${what}`);
}

const fails = (promise) =>
  promise.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (e) => e.code ?? String(e),
  );

const becomes = (client, state) => until(`${state}, and not ${client.state}`, () => client.state === state);

// States from now on, with the codes of their causes.
function states(client) {
  const all = [];
  client.onState((state, cause) => all.push(cause ? `${state} ${cause.code}` : state));
  return all;
}

const upTo = (n, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

// What a client hears that is kept, and what it is told of that.
function follower(client) {
  const [ticks, told] = [[], []];
  client.on("tick", (n) => ticks.push(n));
  client.onRecovered(() => told.push("recovered"));
  client.onLost(() => told.push("lost"));
  return { ticks, told };
}

// Keeps ticks of what a client follows by connecting, and breaks its line again and again.
async function kept(s, tells) {
  const client = s.client();
  const { ticks, told } = follower(client);
  await client.echo(1); // it knows where it has begun
  for (let n = 1; n <= 200; n += 20) {
    await s.do(`keep?room=front&from=${n}&to=${n + 19}`);
    await s.do("cut");
    await pause(Math.random() * 20);
  }
  await until("all have come", () => ticks.length >= 200);
  same(ticks, upTo(200));
  same([...new Set(told)], tells);
  return s;
}

// ---- the behaviours

const behaviours = {
  async "calls before it is open, in order"() {
    const s = await site();
    const client = s.client();
    for (const board of ["", ".", ".."]) {
      let refused;
      try {
        new BoardClient({ board }, { lazy: true });
      } catch (e) {
        refused = e instanceof RangeError;
      }
      same(refused, true, `a path of "${board}": refused`);
    }
    const answers = Promise.all([client.echo(1), client.note(1), client.note(2), client.echo({ a: [null, "ä"] })]);
    client.send("note", 3);
    same(await answers, [1, null, null, { a: [null, "ä"] }]);
    same((await client.tally()).noted, [1, 2, 3]);
    return s;
  },

  async "a call, a push, and once"() {
    const s = await site();
    const client = s.client();
    const heard = [];
    const off = client.on("posted", (each) => heard.push(each.id));
    const once = client.once("posted");
    const made = await client.post({ author: "ann", text: "milk" });
    same(made, { id: 7, author: "ann", text: "milk", replies: null });
    same(await once, made);
    off();
    await client.post({ author: "ann", text: "bread" });
    same(heard, [7]);
    return s;
  },

  async "refusals with details"() {
    const s = await site();
    const client = s.client();
    const e = await client.fail({ code: "torn" }).catch((e) => e);
    same(e instanceof WsError && e instanceof Error, true);
    same([e.name, e.code, e.message, e.event, e.retryAfterMs], ["WsError", "torn", "as you wish", "fail", 1500]);
    same(e.details, [{ path: "/code", rule: "eq", param: "torn" }]);
    same(await fails(client.post({ author: "ann", text: "" })), "validation_failed");
    same(await fails(client.call("nothing")), "unknown_event");
    const refused = new Promise((resolve) => client.onError(resolve));
    client.send("fail", { code: "torn" });
    same((await refused).code, "torn");
    return s;
  },

  async "timeout and abort end the handler"() {
    const s = await site();
    const client = s.client();
    await client.ready();
    same(await fails(client.hold({ timeoutMs: 50 })), "timeout");
    const abort = new AbortController();
    const held = fails(client.hold({ signal: abort.signal }));
    await client.echo(1);
    abort.abort(new WsError("enough", "by the user"));
    same(await held, "enough");
    same(await fails(client.hold({ signal: abort.signal })), "enough");
    await until("two handlers are cancelled", async () => (await client.tally()).canceled === 2);
    same(await client.echo(2, { timeoutMs: Infinity }), 2);
    return s;
  },

  async "a stream: all items, an early end, an end from outside"() {
    const s = await site();
    const client = s.client();
    const items = [];
    for await (const n of client.numbers({ to: 200 })) items.push(n);
    same(items, upTo(200));
    for await (const n of client.numbers({ to: 1_000_000 })) if (n === 3) break;
    const abort = new AbortController();
    const waits = (async () => {
      for await (const _ of client.stream("hold", null, { signal: abort.signal }));
    })();
    await client.echo(1);
    abort.abort(new WsError("enough", "by the user"));
    same(await fails(waits), "enough");
    return s;
  },

  async "backpressure: a reader that stops"() {
    const s = await site();
    const client = s.client();
    const numbers = client.numbers({ to: 1_000_000 });
    same((await numbers.next()).value, 1);
    let made = -1;
    await until("nothing more is made", async () => {
      const before = made;
      await pause(50);
      return (made = (await client.tally()).made) === before;
    });
    same(made >= 64 && made <= 64 + 32 + 1, true, `${made} were made: that`);
    await numbers.return();
    return s;
  },

  async "iteration of pushes, and one that nobody takes"() {
    const s = await site();
    const client = s.client();
    await client.ready();
    const idle = client.events("tick", { buffer: 10 });
    const ticks = client.events("tick");
    await client.tick({ from: 1, to: 20 });
    for (const want of upTo(20)) same((await ticks.next()).value, want);
    const waits = fails(ticks.next());
    for (const want of upTo(10)) same((await idle.next()).value, want);
    same(await fails(idle.next()), "overflow");
    client.close();
    same(await waits, "closed");
    return s;
  },

  async "a line that breaks: each push once, each message once"() {
    const s = await site();
    const client = s.client();
    const ticks = [];
    client.on("tick", (n) => ticks.push(n));
    let opened = 0;
    client.onOpen(({ resumed }) => same(resumed, opened++ > 0));
    await client.ready();
    const calls = [];
    for (let round = 0; round < 6; round++) {
      for (const n of upTo(20))
        calls.push(client.note(round * 20 + n), client.tick({ from: round * 20 + n, to: round * 20 + n }));
      await s.lose(client);
      for (const n of upTo(5)) client.send("note", -(round * 5 + n));
      await until("it is open again", () => client.state === "open");
    }
    await Promise.all(calls);
    same(ticks, upTo(120));
    const { noted, opened: hooks } = await client.tally();
    same(
      noted.filter((n) => n > 0),
      upTo(120),
    );
    same(
      noted.filter((n) => n < 0),
      upTo(30).map((n) => -n),
    );
    same([hooks, opened], [1, 7]);
    return s;
  },

  async "everything at once, over a line that breaks at any moment"() {
    const s = await site();
    const client = s.client({ timeoutMs: 60_000, queue: 10_000, retry: { minMs: 5, maxMs: 20 } });
    const ticks = [];
    let going = true;
    client.on("tick", (n) => ticks.push(n));
    client.onOpen(({ resumed }) => same(resumed || ticks.length === 0, true, "the session goes on"));
    client.handle("confirm", async ({ text }) => (await pause(text.length % 7), text === "sure?"));
    await client.ready();
    const each = async (work) => {
      let n = 0;
      while (going) await work(++n);
      return n;
    };
    const work = [
      each(async (n) => (await client.note(n), client.send("note", -n))),
      each(async (n) => same(await client.tick({ from: n, to: n }), 1)),
      each(async (n) => same(await client.tear({ text: n % 2 ? "sure?" : "no" }), n % 2 === 1)),
      each(async () => {
        const items = [];
        for await (const item of client.numbers({ to: 100 })) items.push(item);
        same(items, upTo(100));
      }),
      each(async () => {
        for await (const item of client.numbers({ to: 1000 })) if (item === 70) break;
      }),
      each(async () => same(await fails(client.hold({ timeoutMs: 5 })), "timeout")),
    ];
    for (let cuts = 0; cuts < 200 && (cuts < 15 || ticks.length < 20); cuts++) {
      await pause(Math.random() * 60);
      await s.do("cut");
    }
    going = false;
    const [notes, told] = await Promise.all(work);
    same(told >= 20, true, `${told} ticks: enough`);
    same(ticks, upTo(told));
    const { noted, opened } = await client.tally();
    same(
      noted,
      upTo(notes).flatMap((n) => [n, -n]),
    );
    same(opened, 1);
    return s;
  },

  async "a stream and a question over a line that breaks"() {
    const s = await site();
    const client = s.client();
    let answer;
    client.handle("confirm", () => new Promise((resolve) => (answer = resolve)));
    const torn = client.tear({ text: "sure?" });
    await until("it is asked", () => answer);
    const items = [];
    for await (const n of client.numbers({ to: 500 })) {
      items.push(n);
      if (n % 150 === 0) await s.do("cut");
    }
    same(items, upTo(500));
    answer(true);
    same(await torn, true);
    return s;
  },

  async "more under way than the window, over a line that swallows"() {
    const s = await site();
    const client = s.client({ queue: 1000 });
    await client.ready();
    await s.do("mute");
    for (const n of upTo(200)) client.send("note", n);
    await pause(50);
    await s.do("cut");
    for (const n of upTo(700, 201)) client.send("note", n);
    await until("all are noted", async () => (await client.tally()).noted?.length >= 700);
    same((await client.tally()).noted, upTo(700));
    return s;
  },

  async "Pongs say what has come, without a line of script"() {
    const s = await site("?ping=50ms");
    if (s.url.startsWith("wss:")) return s; // where nobody can see them between both ends
    const client = s.client();
    client.on("tick", () => {});
    same(await client.tick({ from: 1, to: 9 }), 9);
    await until("a Pong has the count", async () => (await s.do("ponged")) === "10");
    await s.do("cut");
    await s.do("tick?from=10&to=19");
    await until("it goes on", async () => (await s.do("ponged")) === "20");
    return s;
  },

  async "text that is no JSON counts"() {
    const s = await site();
    const client = s.client();
    const ticks = [];
    client.on("tick", (n) => ticks.push(n));
    for (const text of ["no JSON", '{"event":', "null", '{"data":1,"event":"$open"}', '{"event":"error","data":null}'])
      await client.raw({ text });
    await client.tick({ from: 1, to: 3 });
    await s.do("cut");
    await s.do("tick?from=4&to=6");
    await until("it has them", () => ticks.length >= 6);
    same(ticks, upTo(6));
    return s;
  },

  async "a call from a listener does not overtake what is sent again"() {
    const s = await site();
    const client = s.client();
    await client.ready();
    client.onState((state) => state === "open" && client.send("note", 100));
    client.onOpen(() => client.send("note", 101));
    await s.do("mute");
    for (const n of upTo(10)) client.send("note", n);
    await pause(50);
    await s.lose(client);
    await becomes(client, "open");
    client.send("note", 102);
    // onOpen was told at once of the connection that was there.
    await until("all are noted", async () => (await client.tally()).noted?.includes(102));
    same(
      (await client.tally()).noted.filter((n) => n !== 101),
      [...upTo(10), 100, 102],
    );
    return s;
  },

  async "the server is gone, and back"() {
    const s = await site();
    const client = s.client();
    await client.ready();
    const seen = states(client);
    await s.do("block");
    await s.lose(client);
    await until("three attempts", () => seen.length >= 6);
    const waits = client.echo("later");
    await s.do("open");
    same(await waits, "later");
    same(seen[0].startsWith("waiting "), true, seen[0]);
    same((await client.tally()).opened, 1);
    return s;
  },

  async "another server: the session is lost"() {
    const s = await site();
    const client = s.client();
    const opened = [];
    await client.ready();
    client.onOpen(({ resumed, why, skew }) => opened.push(resumed, why, skew));
    const held = fails(client.hold({ timeoutMs: 0 }));
    const stream = client.numbers({ to: 1000 });
    await stream.next();
    await s.lose(client, "crash");
    const waits = client.echo("later");
    same(await held, "disconnected");
    same(await waits, "later");
    same(
      await fails(
        (async () => {
          for await (const _ of stream);
        })(),
      ),
      "disconnected",
    );
    same(opened, [false, undefined, false, false, "unknown", false]);
    same((await client.tally()).opened, 2);
    return s;
  },

  async "a server that goes away fails no call"() {
    const s = await site();
    const client = s.client();
    let ask;
    const asked = new Promise((resolve) => (ask = resolve));
    client.handle("confirm", async () => {
      ask();
      await pause(100);
      return true;
    });
    const held = client.hold();
    const torn = client.tear({ text: "sure?" });
    await asked;
    const seen = states(client);
    await s.do("leave");
    await pause(50);
    const next = client.echo("next");
    await s.do("release");
    same(await Promise.all([held, torn, next]), [null, true, "next"]);
    same(seen, ["waiting 4000", "connecting", "open"]);
    same((await client.tally()).opened, 2);
    return s;
  },

  async "questions, refusals, and their end"() {
    const s = await site();
    const client = s.client();
    let signal;
    const off = client.handle("confirm", (question, options) => {
      signal = options.signal;
      if (question.text === "no") throw new WsError("busy", "not now");
      if (question.text === "quick") return new Promise(() => {});
      return question.text === "sure?";
    });
    same(await client.tear({ text: "sure?" }), true);
    same(await client.tear({ text: "else" }), false);
    same(await fails(client.tear({ text: "no" })), "busy");
    same(await fails(client.tear({ text: "quick" })), "timeout");
    same(signal.aborted, true);
    same(await fails(client.tear({ text: "unheard" })), "unknown_event");
    off();
    same(await fails(client.tear({ text: "sure?" })), "unknown_event");
    return s;
  },

  async tokens() {
    const s = await site("?token=yes");
    let token = "old";
    let asked = 0;
    const client = s.client({
      token: async () => {
        asked++;
        if (token === "throws") throw new Error("nobody has signed in");
        return token;
      },
    });
    const first = states(client);
    await until("it is refused once", () => asked >= 2);
    await becomes(client, "closed");
    same([asked, first.at(-1), first[0]], [2, "closed 4401", "waiting 4401"]);
    const fixed = s.client({ token: "old" });
    same(await fails(fixed.ready()), "closed");

    token = "throws";
    asked = 0;
    const patient = s.client({ token: async () => (asked++ < 2 ? Promise.reject(new Error("not yet")) : "ann/soon") });
    const seen = states(patient);
    await patient.ready();
    same(seen.slice(0, 4), ["waiting 0", "connecting", "waiting 0", "connecting"]);
    await until("it has expired, and is back", () => seen.includes("waiting 4401") && patient.state === "open");
    same((await patient.tally()).opened, 1);
    await patient.refresh();
    const forbidden = s.client({ token: "eve" });
    same(await fails(forbidden.echo(1)), "closed");
    return s;
  },

  async "close codes"() {
    const s = await site();
    const comesBack = async (code, reason) => {
      const client = s.client();
      const seen = states(client);
      client.send("kick", { code, reason });
      await until(`${code} has ended it`, () => seen.some((state) => /^(closed|waiting) [1-9]/.test(state)));
      const back = client.state !== "closed";
      client.close();
      return [code, back];
    };
    const codes = [
      1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1013, 3000, 4000, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4999,
    ];
    const final = [1000, 1002, 1003, 1007, 1008, 4400, 4401, 4403, 4406, 4409];
    const is = await Promise.all([
      ...codes.map((code) => comesBack(code, "bye")),
      comesBack(1008, "slow_consumer: slept"),
    ]);
    same(is, [...codes.map((code) => [code, !final.includes(code)]), [1008, true]]);
    return s;
  },

  async "a full queue"() {
    const s = await site();
    await s.do("block");
    const client = s.client();
    const waits = upTo(255).map((n) => client.note(n));
    same(client.send("note", 256), true);
    same(client.send("note", 257), false);
    same(await fails(client.note(258)), "overflow");
    await s.do("open");
    await Promise.all(waits);
    same((await client.tally()).noted, upTo(256));
    return s;
  },

  async "a message that is too long"() {
    const s = await site();
    const client = s.client();
    await client.ready();
    const before = states(client);
    same(await fails(client.echo("ä".repeat(33_000))), "too_large");
    same((await client.echo("ä".repeat(32_000))).length, 32_000);
    const refused = new Promise((resolve) => client.onError(resolve));
    same(client.send("echo", "a".repeat(66_000)), true);
    same((await refused).code, "too_large");
    same(before, []);
    return s;
  },

  async "close() ends what is there"() {
    const s = await site();
    const client = s.client();
    const seen = states(client);
    client.close(4321, "bye");
    same([client.state, seen], ["closed", ["closed 4321"]]);
    const open = s.client();
    const held = fails(open.hold());
    const once = fails(open.once("tick"));
    await open.ready();
    await open.echo(1);
    open.close(1000, "x".repeat(200)); // longer than a Close can carry
    same(
      await Promise.all([held, once, fails(open.echo(1)), fails(open.ready()), fails(open.once("tick"))]),
      Array(5).fill("closed"),
    );
    open.connect();
    same([open.state, open.send("note", 1)], ["closed", false]);
    return s;
  },

  async "no server there"() {
    const s = await site();
    const client = s.client({ url: "ws://127.0.0.1:9" });
    const seen = states(client);
    await until("two attempts", () => seen.filter((state) => state.startsWith("waiting")).length >= 2);
    const lazy = s.client({ lazy: true });
    same(lazy.state, "idle");
    same(await lazy.echo(1), 1);
    return s;
  },

  async "what is kept comes once and in order, over a line that breaks"() {
    return kept(await site("?history=1000&front=yes"), []);
  },

  async "what is kept comes once and in order, in session after session"() {
    return kept(await site("?history=1000&front=yes&noresume=yes"), ["recovered"]);
  },

  async "what is missing of a history is told, where it is followed again"() {
    const s = await site("?history=5&noresume=yes");
    const client = s.client();
    const { ticks, told } = follower(client);
    await client.call("follow", "back");
    await s.do("keep?room=back&from=1&to=1");
    const away = async (from, to) => {
      await s.do("block");
      await s.lose(client);
      await s.do(`keep?room=back&from=${from}&to=${to}`);
      await s.do("open");
      await client.call("follow", "back");
    };
    await until("the first has come", () => ticks.length === 1);
    await away(2, 4);
    await until("what was missed has come", () => ticks.length >= 4);
    await away(5, 30);
    await s.do("keep?room=back&from=31&to=31");
    await until("it goes on", () => ticks.includes(31));
    same(ticks, [1, 2, 3, 4, 31]);
    same(told, ["recovered", "lost"]);
    return s;
  },

  async "what is missing of a history is told in a session that goes on"() {
    const s = await site("?history=5");
    const client = s.client();
    const { ticks, told } = follower(client);
    await client.call("follow", "back");
    const opened = [];
    client.onOpen(({ resumed }) => opened.push(resumed));
    await s.do("block");
    await s.lose(client);
    await until("it is away", async () => (await s.do("detached")) === "1");
    await s.do("keep?room=back&from=1&to=50");
    await s.do("open");
    await until("it is told", () => told.length > 0);
    await s.do("keep?room=back&from=51&to=51");
    await until("it goes on", () => ticks.includes(51));
    same([opened.at(-1), told.includes("recovered"), ticks.length < 51], [true, false, true]);
    return s;
  },

  async "another server knows nothing of a history"() {
    const s = await site("?history=5");
    const client = s.client();
    const { ticks, told } = follower(client);
    await client.call("follow", "back");
    await s.do("keep?room=back&from=1&to=1");
    await until("the first has come", () => ticks.length === 1);
    await s.lose(client, "crash");
    await client.call("follow", "back");
    await s.do("keep?room=back&from=2&to=2");
    await until("it goes on", () => ticks.length > 1);
    same(ticks, [1, 2]);
    same(told, ["lost"]);
    return s;
  },

  async "frames are shown to tap"() {
    const s = await site();
    const shown = [];
    const client = s.client({ tap: (way, text) => shown.push(`${way} ${text}`) });
    await client.echo(1);
    same(shown[0], 'out {"event":"$connect","data":{"schema":"k3v9q2m1xw7d","client":"ts"}}');
    same(shown[1].startsWith('in {"event":"$connected","data":{"sid":"'), true, shown[1]);
    same(shown.slice(2), ['out {"event":"echo","id":1,"data":1}', 'in {"event":"echo","id":1,"data":1}']);
    return s;
  },
};

// What throws in a listener comes to the host, and what cannot connect to the console.
// Both are seen by no other behaviour: they are the last, each alone.
const alone = {
  async "what a listener throws costs nobody else anything"() {
    const s = await site();
    const thrown = [];
    const report = (e) => {
      e.preventDefault?.();
      thrown.push((e.error ?? e).message);
    };
    if (globalThis.process?.on && !globalThis.Deno) process.on("uncaughtException", report);
    else addEventListener("error", report);
    const ticks = [];
    const client = s.client({
      tap: () => {
        throw new Error("tap");
      },
    });
    client.on("tick", () => {
      throw new Error("listener");
    });
    client.on("tick", (n) => ticks.push(n));
    client.handle("confirm", () => {
      throw new Error("handler");
    });
    await client.tick({ from: 1, to: 3 });
    same(ticks, upTo(3));
    same(await fails(client.tear({ text: "sure?" })), "internal");
    await until("all have been reported", () => ["tap", "listener", "handler"].every((each) => thrown.includes(each)));
    return s;
  },

  async "a url without a scheme is told"() {
    const s = await site();
    const { error } = console;
    const said = [];
    console.error = (text) => said.push(text);
    try {
      await becomes(s.client({ url: "localhost:8080" }), "closed");
    } finally {
      console.error = error;
    }
    const [reason, ...more] = said;
    same(reason?.includes(": WsOptions.url is localhost:8080, and has to be as wss://HOST: "), true, reason);
    same(more, []);
    return s;
  },
};

// ---- the run

const results = [];

async function run([name, behaviour]) {
  let wrong = "";
  try {
    const s = await behaviour();
    s.end();
  } catch (e) {
    wrong = String(e.stack ?? e);
  }
  results.push({ name, wrong });
  if (!inPage) console.log(JSON.stringify({ name, wrong }));
}

await Promise.all(Object.entries(behaviours).map(run));
for (const each of Object.entries(alone)) await run(each);
if (inPage) globalThis.results = results;
else if (globalThis.Deno) Deno.exit(0);
else process.exit(0);
