// Evaluates to the scenarios of session.js, by name: each is a script for its server, its network and its
// clock, and returns what went otherwise, one sentence each. It needs a page that has no session yet.
(async () => {
  const { startSession } = await import("/static/js/session.js");
  const real = { WebSocket, setTimeout, clearTimeout, now: Date.now, random: Math.random };
  // A turn of the loop, so that promises are through. A timer would be late by 4 ms.
  const turn = () =>
    new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (port1.close(), done());
      port2.postMessage(null);
    });

  // play calls script with a session whose world is scripted, and returns the faults.
  async function play(script, more = {}) {
    const faults = [];
    const is = (what, got, want) => {
      const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
      if (a !== b) faults.push(`${what}: ${a}, want ${b}`);
    };
    let now = 1e6;
    let timers = [];
    let last = 0;
    const sockets = [];
    const states = [];
    class Socket {
      sent = [];
      closed = null;
      constructor() {
        sockets.push(this);
      }
      send(text) {
        if (this.closed !== null) throw new Error("it is closed");
        this.sent.push(text);
      }
      close(code) {
        this.closed = code;
      }
      says(...texts) {
        for (const text of texts) this.onmessage({ data: typeof text === "string" || text instanceof Blob ? text : JSON.stringify(text) });
      }
      // connected opens it, and answers $connect; behind it the texts follow.
      connected(data = {}, ...texts) {
        this.onopen();
        this.says({ event: "$connected", data: { sid: "s", resumed: false, seq: 0, heartbeatMs: 25000, maxBytes: 65536, ...data } }, ...texts);
      }
      ends(code, reason = "") {
        this.onclose({ code, reason });
      }
    }
    Object.assign(window, {
      WebSocket: Socket,
      setTimeout: (what, ms = 0) => (timers.push({ id: ++last, at: now + ms, what }), last),
      clearTimeout: (id) => (timers = timers.filter((t) => t.id !== id)),
    });
    Date.now = () => now;
    Math.random = () => 1; // the bound of chance
    const world = {
      is,
      sockets,
      states,
      turn,
      socket: () => sockets.at(-1),
      // passes lets so many ms pass, with all that is due in them.
      async passes(ms) {
        const until = now + ms;
        while (await world.next(until));
        now = until;
      },
      // next has the first happen that is due until then, and reports whether there is something.
      async next(until) {
        await turn();
        const [first] = timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at || a.id - b.id);
        if (!first) return false;
        timers = timers.filter((t) => t !== first);
        now = first.at;
        first.what();
        await turn();
        return true;
      },
      // connects is how many ms pass until there is another socket; -1: more than two minutes.
      async connects() {
        const [since, before] = [now, sockets.length];
        while (sockets.length === before && (await world.next(since + 120000)));
        return sockets.length > before ? now - since : -1;
      },
      page: (name) => (name.startsWith("page") ? window.dispatchEvent(new PageTransitionEvent(name, { persisted: true })) : window.dispatchEvent(new Event(name))),
    };
    let session;
    session = startSession(() => "ws://there/ws", { ...more, state: (name) => (states.push(name), more.state?.(name, session)) });
    world.session = session;
    try {
      await turn();
      await script(world);
    } catch (error) {
      faults.push(String(error.stack));
    } finally {
      session.stop();
      Object.assign(window, { WebSocket: real.WebSocket, setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
      Date.now = real.now;
      Math.random = real.random;
    }
    return faults;
  }

  const resume = (socket) => JSON.parse(socket.sent[0]).data.resume;
  const events = (socket) => socket.sent.map((text) => JSON.parse(text).event);

  return {
    "both ends count": () =>
      play(async ({ is, socket, session, connects }) => {
        is("a first session resumes", (socket().onopen(), resume(socket())), undefined);
        socket().sent.length = 0;
        socket().connected({}, { event: "said", data: 1 }, "no JSON", new Blob(["binary"]), { event: "$later" }, { event: "$shed", data: 2 }, " {}", '{"event": "$no"}');
        for (const text of ["a", "b", "c"]) session.send("say", text);
        socket().ends(1006);
        await connects();
        socket().onopen();
        is("resumes", resume(socket()), { sid: "s", seq: 4 });
        socket().ends(1006); // $connected does not arrive
        await connects();
        socket().connected({ resumed: true, seq: 1 });
        is("asks again", resume(socket()), { sid: "s", seq: 4 });
        is("sent", socket().sent.slice(1).map((text) => JSON.parse(text)), [
          { event: "say", data: "b" },
          { event: "say", data: "c" },
          { event: "$ping", data: { seq: 4 } },
        ]);
        socket().says({ event: "$pong", data: { seq: 2 } });
        socket().ends(1006);
        await connects();
        socket().connected({ resumed: true, seq: 2 });
        is("sent after the pong", events(socket()), ["$connect", "say", "$ping"]);
        socket().ends(1006);
        await connects();
        socket().connected({ sid: "other", why: "gap" });
        is("sent in a new session", events(socket()), ["$connect"]);
        socket().ends(1006);
        await connects();
        socket().onopen();
        is("resumes the new one", resume(socket()), { sid: "other", seq: 0 });
      }),

    // Here something new is said as soon as there is a line, each time.
    "what is sent again goes before what is new": () =>
      play(
        async ({ is, socket, session, connects }) => {
          socket().connected();
          session.send("say", "old");
          socket().ends(1006);
          await connects();
          socket().connected({ resumed: true });
          is("sent", socket().sent.slice(1).map((text) => JSON.parse(text).data), ["new", "old", "new", { seq: 0 }]);
        },
        { state: (name, session) => name === "open" && session?.isOpen() && session.send("say", "new") },
      ),

    "calls over a loss": () =>
      play(async ({ is, turn, socket, session, connects }) => {
        const became = {};
        const ask = (what, event) =>
          session.request(event, what).then(
            (data) => (became[what] = data),
            (error) => (became[what] = error.code),
          );
        ask("before", "echo");
        socket().connected();
        ask("under way", "echo");
        ask("a token", "$refresh");
        is("sent", events(socket()), ["$connect", "echo", "echo", "$refresh"]);
        socket().ends(1006);
        ask("meanwhile", "echo");
        await connects();
        socket().connected({ resumed: true, seq: 1 });
        await turn();
        is("what does not count is not sent again", became, { "a token": "disconnected" });
        is("sent again, and new", socket().sent.slice(1).map((text) => JSON.parse(text).id), [2, undefined, 4]);
        socket().says({ event: "echo", id: 1, data: "one" }, { event: "error", id: 2, data: { code: "conflict", message: "no" } });
        await turn();
        socket().ends(1006);
        await connects();
        socket().connected({ why: "unknown" });
        await turn();
        is("in the end", became, { "a token": "disconnected", before: "one", "under way": "conflict", meanwhile: "disconnected" });
      }),

    "it is asked to leave": () =>
      play(async ({ is, turn, socket, sockets, session, connects, passes, page }) => {
        socket().connected();
        const one = session.request("echo", 1);
        socket().says({ event: "$goaway", data: { reason: "shutdown", retryAfterMs: 7000, closeInMs: 5000 } });
        const two = session.request("echo", 2);
        session.send("typing", "dropped");
        is("stays while a call is open", socket().closed, null);
        is("sends nothing new", events(socket()), ["$connect", "echo"]);
        socket().says({ event: "echo", id: 1, data: 1 });
        is("the answer", await one, 1);
        is("leaves by", sockets[0].closed, 4000);
        page("online");
        await passes(6900);
        page("online");
        is("sockets before the time that the server gave", sockets.length, 1);
        is("comes after", await connects(), 100);
        socket().connected({ sid: "t", why: "unknown" });
        is("then sends", events(socket()), ["$connect", "echo"]);
        socket().says({ event: "echo", id: 2, data: 2 });
        is("its answer", await two, 2);
        await turn();
      }),

    "into the back/forward cache and out": () =>
      play(async ({ is, socket, sockets, session, states, connects, passes, page }) => {
        socket().connected({}, { event: "said", data: 1 });
        session.send("say", "a");
        page("pagehide");
        is("is closed by", socket().closed, 4000);
        socket().says({ event: "said", data: "nobody counts it" });
        await passes(60000);
        is("sockets in the cache", sockets.length, 1);
        page("pageshow");
        await passes(0);
        is("sockets when it is shown", sockets.length, 2);
        socket().connected({ resumed: true, seq: 1 });
        is("resumes", resume(socket()), { sid: "s", seq: 1 });

        socket().says({ event: "$goaway", data: { reason: "lifetime", retryAfterMs: 5000 } });
        page("pagehide");
        page("pageshow");
        await passes(4900);
        is("sockets before the time that the server gave", sockets.length, 2);
        is("comes after", await connects(), 100);
        page("pagehide"); // in the middle of it
        page("pageshow");
        await passes(0);
        is("sockets after one that did not open", sockets.length, 4);
        socket().connected({ resumed: true, seq: 1 });

        socket().ends(1000);
        page("pagehide");
        page("pageshow");
        page("online");
        await passes(60000);
        is("sockets of a session that has ended", sockets.length, 4);
        is("its state", states.at(-1), "closed");
      }),

    "what a Close says": async () => {
      const faults = [];
      const never = -1;
      for (const [code, reason, want] of [
        [1000, "", never],
        [1001, "shutdown: the server is going away", 1000],
        [1002, "protocol: a frame is not masked", never],
        [1003, "", never],
        [1006, "", 1000],
        [1007, "invalid: no UTF-8", never],
        [1008, "slow_consumer: it does not read", 1000],
        [1008, "conflict: there is one already", never],
        [1009, "too_large: more than 65536 bytes", 1000],
        [1010, "", never],
        [1011, "internal: internal error", 1000],
        [1012, "", 1000],
        [1013, "unavailable: full", 1000],
        [4123, "of the application's own", 1000],
        [4400, "connect: twice", never],
        [4403, "forbidden: not you", never],
        [4406, "", never],
        [4408, "connect: too late", 1000],
        [4409, "taken: by another socket", never],
        [4429, "rate_limited: too many messages", 60000],
      ]) {
        for (const when of ["open", "connecting"]) {
          const found = await play(async ({ is, socket, connects, states }) => {
            if (when === "open") socket().connected();
            else socket().onopen();
            socket().ends(code, reason);
            is(`${code} ${reason} when ${when}: after ms`, await connects(), want);
            is(`${code} ${reason} when ${when}: is`, states.at(-1), want === never ? "closed" : "connecting");
          });
          faults.push(...found);
        }
      }
      return faults;
    },

    "a token that is not good": () => {
      let tokens = 0;
      return play(
        async ({ is, turn, socket, states, session, connects }) => {
          socket().onopen();
          is("shows", JSON.parse(socket().sent[0]).data.token, "token 1");
          socket().ends(4401, "unauthenticated: no");
          await connects();
          socket().connected();
          is("shows a new one", JSON.parse(socket().sent[0]).data.token, "token 2");
          socket().ends(4401, "expired: connect with a new one");
          await connects();
          socket().onopen();
          socket().ends(4401, "unauthenticated: no");
          is("in the end", states.at(-1), "closed");
          session.retry();
          await turn();
          socket().connected();
          is("tried by hand", states.at(-1), "open");
        },
        { token: async () => `token ${++tokens}` },
      );
    },

    "a token that does not come": () => {
      let asked = 0;
      return play(
        async ({ is, sockets, states, passes, socket }) => {
          await passes(10000);
          is("after 10 s", states.at(-1), "waiting");
          await passes(1000);
          is("asked for a token", asked, 2);
          is("sockets", sockets.length, 1);
          is("shows", (socket().onopen(), JSON.parse(socket().sent[0]).data.token), "late");
        },
        { token: () => (++asked === 1 ? new Promise(() => {}) : "late") },
      );
    },

    "silence": () =>
      play(async ({ is, socket, sockets, passes, page, connects }) => {
        await passes(10000);
        is("a socket that does not open is left by", sockets[0].closed, 4000);
        await connects();
        socket().connected();
        await passes(24999);
        socket().says({ event: "said", data: 1 });
        await passes(24999);
        is("while something comes", events(socket()), ["$connect"]);
        await passes(1);
        is("after silence", JSON.parse(socket().sent[1]), { event: "$ping", data: { seq: 1 } });
        await passes(9999);
        socket().says({ event: "$pong", data: { seq: 0 } });
        await passes(24999);
        is("an answer is a sign of life", socket().closed, null);
        page("online");
        is("asks at once", events(socket()), ["$connect", "$ping", "$ping"]);
        await passes(6000);
        page("online");
        await passes(3999);
        is("is patient", socket().closed, null);
        await passes(1);
        is("and not twice as long", sockets[1].closed, 4000);
      }),

    "later and later": () =>
      play(async ({ is, turn, socket, session, connects }) => {
        const waits = [];
        for (let i = 0; i < 7; i++) {
          socket().onopen(); // that is no welcome
          socket().ends(1006);
          waits.push(await connects());
        }
        is("waits", waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        socket().ends(1006);
        session.retry();
        await turn();
        socket().ends(1006);
        is("after a try by hand", await connects(), 30000);
        socket().connected();
        socket().ends(1006);
        is("after a session", await connects(), 1000);
      }),

    "questions": () => {
      const stops = [];
      return play(
        async ({ is, turn, socket, connects }) => {
          socket().connected({}, { event: "later", id: "$1", data: null }, { event: "confirm", id: "$2", data: "yes" }, { event: "$new", id: "$3", data: null });
          await turn();
          const said = () => socket().sent.slice(1).map((text) => JSON.parse(text));
          is("answers", said(), [
            { event: "error", id: "$1", data: { code: "unknown_event", message: "nobody answers that here" } },
            { event: "confirm", id: "$2", data: "yes" },
            { event: "error", id: "$3", data: { code: "unknown_event", message: "nobody answers that here" } },
          ]);
          socket().says({ event: "confirm", id: "$4", data: "wait" }, { event: "$cancel", id: "$4", data: null });
          is("nobody waits any more", stops.at(-1).aborted, true);
          socket().says({ event: "confirm", id: "$5", data: "slow" });
          socket().ends(1006);
          stops.at(-1).answer("meanwhile");
          await connects();
          socket().connected({ resumed: true, seq: 3 });
          is("answered without a line", said()[0], { event: "confirm", id: "$5", data: "meanwhile" });
          socket().says({ event: "confirm", id: "$6", data: "slow" });
          socket().ends(1006);
          await connects();
          socket().connected({ why: "unknown" });
          is("asked in a session that is over", stops.at(-1).aborted, true);
          stops.at(-1).answer("too late");
          await turn();
          is("is not answered", events(socket()), ["$connect"]);
        },
        {
          asked(name, data, signal) {
            if (name !== "confirm") return undefined;
            stops.push(signal);
            return data === "yes" ? data : new Promise((answer) => (signal.answer = answer));
          },
        },
      );
    },
  };
})()
