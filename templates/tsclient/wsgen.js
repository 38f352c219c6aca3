// ==== wsgen's client: the same in every generated file ====

/**
 * One fault in what was sent.
 *
 * @typedef {object} WsDetail
 * @property {string} path - JSON pointer (RFC 6901) into the data; "" is all of it.
 * @property {string} [rule]
 * @property {string} [param]
 * @property {string} [message]
 */

/**
 * A refusal of the server's, or of the client itself: "closed" after close() or a Close
 * that ends everything, "disconnected" when a session was lost and nobody knows whether
 * the message was handled, "overflow" for a full queue, "timeout", "too_large".
 */
export class WsError extends Error {
  name = "WsError";
  /**
   * @readonly
   * @type {WsErrorCode | "closed" | "disconnected" | "overflow" | (string & {})}
   */
  code;
  /**
   * The event that was refused.
   *
   * @readonly
   * @type {string | undefined}
   */
  event;
  /**
   * @readonly
   * @type {readonly WsDetail[]}
   */
  details;
  /**
   * When to try again, if that helps.
   *
   * @readonly
   * @type {number | undefined}
   */
  retryAfterMs;
  /**
   * Leads to the server's log line of an "internal".
   *
   * @readonly
   * @type {string | undefined}
   */
  ref;

  /**
   * @param {string} code
   * @param {string} message
   * @param {Partial<Omit<WsError, keyof Error | "code">>} [more]
   */
  constructor(code, message, more = {}) {
    super(message);
    const { event, details = [], retryAfterMs, ref } = more;
    Object.assign(this, { code, event, details, retryAfterMs, ref });
  }
}

/**
 * idle: not yet asked to connect. connecting: on the way. open: messages travel.
 * waiting: lost, until the next attempt. closed: for good.
 *
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "closed"} WsState
 */

/**
 * Why a connection is not open, and when the next attempt is due.
 *
 * @typedef {object} WsCause
 * @property {number} code - That of the Close; 0 if there was no socket to close.
 * @property {string} reason
 * @property {number} [retryInMs]
 */

/**
 * How a connection opened.
 *
 * @typedef {object} WsOpened
 * @property {boolean} resumed - The session goes on: nothing was lost. Otherwise load anew what pushes have told, unless they are kept.
 * @property {"unknown" | "gap" | "busy" | "disabled" | (string & {}) | undefined} [why] - Why it does not, if one was to go on: docs/reference/protocol.md, "Resuming".
 * @property {boolean} skew - The server was generated from another contract than this client.
 */

// wsgen: if something is kept
/**
 * A place in a history, which is what the server keeps of the pushes to a room or user: log names it, in all
 * sessions the same, and what is pushed there behind at comes.
 *
 * @typedef {{ log: string; at: string }} WsHistory
 */

// wsgen: end
/**
 * When signal aborts, what it was given to ends.
 *
 * @typedef {{ signal?: AbortSignal }} WsUntil
 */

/**
 * @typedef {object} WsCallOptions
 * @property {AbortSignal} [signal] - Cancels: the promise, or the loop, ends with its reason.
 * @property {number} [timeoutMs] - How long until "timeout". Default: WsOptions.timeoutMs; for a stream, none.
 * @property {Record<string, string>} [meta] - Accompanies the message: traceparent and the like.
 */

/**
 * @typedef {object} WsOptions
 * @property {string | URL} [url] - The server: wss://api.example.com, with what its paths begin with, if they do. Default: where the page is from.
 * @property {string | (() => string | null | undefined | Promise<string | null | undefined>)} [token] - Asked for before each attempt, and waited for; what it throws counts as a lost connection.
 * @property {boolean} [lazy] - Connect with the first message, not at once.
 * @property {number} [timeoutMs] - How long a call may take, waiting for a connection included. Default 10,000; 0: for ever.
 * @property {number} [queue] - Messages that wait for a connection; one more is refused with "overflow". Default 256, at least 1.
 * @property {{ minMs?: number; maxMs?: number }} [retry] - Delays between attempts: chance, up to a bound that doubles from min to max. Default 500 and 20,000.
 * @property {(way: "in" | "out", text: string) => void} [tap] - Shown each frame as it is, tokens included, for logs and tests.
 * @property {WsSocketClass} [WebSocket] - Where there is no global WebSocket: the class to use.
 */

/**
 * The part of WebSocket that is used.
 *
 * @typedef {object} WsSocket
 * @property {number} readyState
 * @property {((event: never) => void) | null} onopen
 * @property {((event: never) => void) | null} onmessage
 * @property {((event: never) => void) | null} onclose
 * @property {((event: never) => void) | null} onerror
 * @property {(text: string) => void} send
 * @property {(code?: number, reason?: string) => void} close
 */

/** @typedef {new (url: string, protocols?: string) => WsSocket} WsSocketClass */

/**
 * Answers what the server asks; signal aborts when the answer is not wanted any more.
 *
 * @template D
 * @template R
 * @typedef {(data: D, options: { signal: AbortSignal }) => R | Promise<R>} WsAsk
 */

const wsControl = '{"event":"$'; // text that begins so does not count
const wsWindow = 256; // messages under way that the server has not acknowledged
const wsCredit = 64; // items of a stream that may come before one is taken
const wsPatienceMs = 10_000; // for $connected, and for a sign of life
/** Closes after which there is no other attempt. */
const wsFinal = [1000, 1002, 1003, 1007, 1010, 4400, 4403, 4406, 4409];
const wsAway = 4000; // said by us: we shall be back

const wsNone = () => {};

/**
 * What all clients have.
 *
 * @template {object} Push
 * @template {object} Asks
 * @template {object} Send
 */
export class WsClient {
  #options;

  // The connection.
  #state = "idle";
  #cause;
  #opened; // told to onOpen; undefined: not open
  #socket;
  #attempt = 0; // counts sockets: what comes from an old one is nobody's
  #failures = 0;
  #since = 0; // when it opened
  #denied = false; // 4401 since it was last open
  #draining = false; // the server goes away: nothing new is sent
  #retryInMs; // said by $goaway
  #timer; // of the attempt, or of the next
  #beat;
  #heartbeatMs = 0;
  #heard = 0; // when the last frame came
  #silent = false; // nothing has come since it was asked for
  #maxBytes = Infinity;

  // The session.
  #sid;
  #received = 0; // messages that count
  #acked = 0; // of ours, by the server
  #unacked = []; // sent behind those, in order
  #pinged = false; // a $pong is on its way
  #queue = [];
  #answers = []; // to questions of this session
  #calls = new Map();
  #lastId = 0;
  #asked = new Map();

  // wsgen: if something is kept
  // What is kept of the pushes to rooms and users: it outlives sessions.
  // By log, what was heard of last at the end: its last at, and that of its last $lost.
  #places = new Map();
  #forgot = false; // some of it: the server takes no more than 256 places
  #claimed = new Set(); // since this session began, and not answered; "" stands for all that was forgotten

  // wsgen: end
  #listeners = new Map();
  #handlers = new Map();

  /**
   * @param {string} path
   * @param {string} schema
   * @param {WsOptions} [options]
   */
  constructor(path, schema, options = {}) {
    if (/\/(\/|\.\.?(\/|$))/.test(path)) throw new RangeError(`"", "." and ".." are no parts of a path: ${path}`);
    // What is sent at once passes through the queue, too.
    this.#options = { ...options, path, schema, most: Math.max(options.queue ?? 256, 1) };
    this.#page("addEventListener");
    if (!options.lazy) this.connect();
  }

  /** @returns {WsState} */
  get state() {
    return this.#state;
  }

  /**
   * Opens the connection, if it is not open, and does not wait for the next attempt.
   *
   * @returns {void}
   */
  connect() {
    if (this.#state === "idle" || this.#state === "waiting") void this.#open();
  }

  /**
   * Resolves when the connection is open; rejects when it is closed for good.
   *
   * @param {WsUntil} [options]
   * @returns {Promise<void>}
   */
  ready(options = {}) {
    if (this.#state === "idle") this.connect();
    return this.#until(options.signal, (done) => this.onOpen(() => done()));
  }

  /**
   * Ends the connection and the session. Calls without an answer are rejected with "closed".
   *
   * @param {number} [code]
   * @param {string} [reason]
   * @returns {void}
   */
  close(code = 1000, reason = "") {
    if (this.#state !== "closed") this.#end(code, reason);
  }

  /**
   * Calls fn for each push of an event, until the function that is returned is called, or signal aborts.
   *
   * @template {keyof Push & string} E
   * @param {E} event
   * @param {(data: Push[E]) => void} fn
   * @param {WsUntil} [options]
   * @returns {() => void}
   */
  on(event, fn, options = {}) {
    return this.#listen(event, fn, options.signal);
  }

  /**
   * The next push of an event.
   *
   * @template {keyof Push & string} E
   * @param {E} event
   * @param {WsUntil} [options]
   * @returns {Promise<Push[E]>}
   */
  once(event, options = {}) {
    return this.#until(options.signal, (done) => this.on(event, done));
  }

  /**
   * The pushes of an event from now on, as they come. More than buffer (256) that nobody
   * takes end it with "overflow". A loop that waits is ended by signal, or by return().
   *
   * @template {keyof Push & string} E
   * @param {E} event
   * @param {WsUntil & { buffer?: number }} [options]
   * @returns {AsyncGenerator<Push[E], void>}
   */
  events(event, options = {}) {
    const inbox = new WsInbox();
    inbox.most = options.buffer ?? 256;
    inbox.release = wsAll([
      this.on(event, (data) => inbox.put(data), options),
      this.#whenClosed((error) => inbox.end(error)),
      wsWhenAborted(options.signal, (why) => inbox.end(why, true)),
    ]);
    return inbox.drain(() => wsNone);
  }

  /**
   * Answers what the server asks, with one handler for an event: the last.
   *
   * @template {keyof Asks & string} E
   * @param {E} event
   * @param {Asks[E]} fn
   * @returns {() => void}
   */
  handle(event, fn) {
    const mine = fn;
    this.#handlers.set(event, mine);
    return () => void (this.#handlers.get(event) === mine && this.#handlers.delete(event));
  }

  /**
   * Called with each change of state.
   *
   * @param {(state: WsState, cause?: WsCause) => void} fn
   * @returns {() => void}
   */
  onState(fn) {
    return this.#listen("$state", fn);
  }

  /**
   * Called whenever the connection has opened; soon, and as not resumed, if it is open.
   *
   * @param {(opened: WsOpened) => void} fn
   * @returns {() => void}
   */
  onOpen(fn) {
    const opened = this.#opened;
    let wanted = true;
    if (opened) queueMicrotask(() => wanted && this.#opened === opened && wsTry(fn, { ...opened, resumed: false }));
    return wsAll([this.#listen("$open", fn), () => (wanted = false)]);
  }

  /**
   * Called with refusals that belong to no call: of what was sent with send, and of frames.
   *
   * @param {(error: WsError) => void} fn
   * @returns {() => void}
   */
  onError(fn) {
    return this.#listen("$error", fn);
  }

  /**
   * Called when the server says how many pushes this client was too slow for.
   *
   * @param {(pushes: number) => void} fn
   * @returns {() => void}
   */
  onShed(fn) {
    return this.#listen("$shed", fn);
  }

  // wsgen: if something is kept
  /**
   * Called when a history goes on where this client was when its last session ended: what it has missed comes next,
   * once and in order, and nothing has to be loaded.
   *
   * @param {(history: WsHistory) => void} fn
   * @returns {() => void}
   */
  onRecovered(fn) {
    return this.#listen("$recovered", fn);
  }

  /**
   * Called when pushes of a history are missing that are not kept any more: load anew what they have told. It comes
   * in a session, when this client was too slow for too long, and behind onOpen, when it was away for too long.
   *
   * @param {(history: WsHistory) => void} fn
   * @returns {() => void}
   */
  onLost(fn) {
    return this.#listen("$lost", fn);
  }

  // wsgen: end
  /**
   * Sends without asking for an answer: what is refused goes to onError. False: the queue is full, or closed.
   *
   * @template {keyof Send & string} E
   * @param {E} event
   * @param {Send[E]} data
   * @returns {boolean}
   */
  send(event, data) {
    if (this.#state === "closed" || this.#queue.length >= this.#options.most) return false;
    this.#queue.push({ id: 0, event, text: JSON.stringify({ event, data }), settle: (e) => this.#tell("$error", e) });
    this.#flush();
    return true;
  }

  /**
   * Sends, and resolves with the answer.
   *
   * @template T
   * @param {string} event
   * @param {unknown} [data]
   * @param {WsCallOptions} [options]
   * @returns {Promise<T>}
   */
  call(event, data, options = {}) {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? 10_000;
    return new Promise((resolve, reject) => {
      const settle = (error, data) => (error === undefined ? resolve(data) : reject(error));
      this.#start(event, data, { ...options, timeoutMs }, { settle });
    });
  }

  /**
   * Sends, and yields the items of the answer; no more are sent than are taken. Ending the loop cancels it.
   *
   * @template T
   * @param {string} event
   * @param {unknown} [data]
   * @param {WsCallOptions} [options]
   * @returns {AsyncGenerator<T, void>}
   */
  stream(event, data, options = {}) {
    const inbox = new WsInbox();
    const settle = (error, _, cancelled) => inbox.end(error, cancelled);
    const item = (data) => inbox.put(data);
    return inbox.drain(() => {
      const meta = { ...options.meta, credit: `${wsCredit}` };
      const call = this.#start(event, data, { ...options, meta }, { settle, item });
      inbox.release = () => this.#cancel(call, undefined);
      return (taken) => {
        if (call.over || taken + wsCredit / 2 < (call.credit ?? wsCredit)) return;
        call.credit = taken + wsCredit;
        this.#control({ event: "$credit", id: call.id, data: call.credit });
      };
    });
  }

  /**
   * Shows the server a new token, without a new connection; if there is none, or it is lost, the next one shows it.
   *
   * @returns {Promise<void>}
   */
  async refresh() {
    if (this.#state === "connecting") await this.ready(); // what this attempt shows may be older
    const attempt = this.#attempt;
    const here = () => this.#state === "open" && !this.#draining;
    const token = here() ? await this.#token() : undefined;
    // One that was opened meanwhile has shown a token that is newer.
    if (here()) return attempt === this.#attempt ? this.call("$refresh", { token }) : undefined;
    if (this.#state === "idle") this.connect();
    return this.#until(undefined, (done) => this.#listen("$open", () => done()));
  }

  // ---- messages

  #tooLarge(text) {
    return text.length * 3 > this.#maxBytes && new TextEncoder().encode(text).length > this.#maxBytes;
  }

  #start(event, data, options, how) {
    const { signal, timeoutMs = 0, meta } = options;
    const id = ++this.#lastId;
    let release = wsNone;
    const call = {
      ...how,
      id,
      event,
      text: JSON.stringify({ event, id, data, meta }),
      settle: (...answer) => {
        if (call.over) return;
        call.over = true;
        release();
        how.settle(...answer);
      },
    };
    if (signal?.aborted) call.settle(signal.reason, undefined, true);
    else if (this.#state === "closed") call.settle(this.#closed(event));
    else if (this.#queue.length >= this.#options.most) call.settle(new WsError("overflow", "queue is full", { event }));
    if (call.over) return call;
    const late = () => this.#cancel(call, new WsError("timeout", `no answer in ${timeoutMs} ms`, { event }));
    const timer = timeoutMs > 0 ? wsAfter(timeoutMs, late) : undefined;
    release = wsAll([wsWhenAborted(signal, (why) => this.#cancel(call, why)), () => clearTimeout(timer)]);
    this.#calls.set(id, call);
    this.#queue.push(call);
    this.#flush();
    return call;
  }

  /** Ends a call that has its answer, or will have none. */
  #finish(call, error, data) {
    this.#calls.delete(call.id);
    call.settle(error, data);
    this.#leave();
  }

  /** Ends a call whose answer is not wanted. If it was sent it stays in #calls until the server has answered. */
  #cancel(call, why) {
    if (call.over) return;
    call.settle(why, undefined, true);
    if (call.sent) return this.#control({ event: "$cancel", id: call.id });
    this.#queue = this.#queue.filter((waiting) => waiting !== call);
    this.#calls.delete(call.id);
  }

  /** Sends what waits, as far as the server has acknowledged what came before; first the answers it waits for. */
  #flush() {
    if (this.#state === "idle") this.connect();
    while (this.#state === "open") {
      if (this.#unacked.length >= wsWindow / 2 && !this.#pinged) this.#ping();
      if (this.#unacked.length >= wsWindow) return;
      const next = this.#answers.shift() ?? (this.#draining ? undefined : this.#queue.shift());
      if (!next) return;
      if (this.#tooLarge(next.text)) {
        // Sent, it would cost the connection.
        this.#finish(next, new WsError("too_large", `a message has at most ${this.#maxBytes} bytes`, next));
        continue;
      }
      next.sent = true;
      if (!next.text.startsWith(wsControl)) this.#unacked.push(next.text);
      this.#write(next.text);
    }
  }

  #control(frame) {
    if (this.#state === "open") this.#write(JSON.stringify(frame));
  }

  #write(text) {
    if (this.#options.tap) wsTry(this.#options.tap, "out", text);
    this.#socket?.send(text);
  }

  #ping() {
    this.#pinged = true;
    this.#control({ event: "$ping", data: { seq: this.#received } });
  }

  #receive(text) {
    if (this.#options.tap) wsTry(this.#options.tap, "in", text);
    this.#heard = Date.now();
    this.#silent = false;
    const counts = !text.startsWith(wsControl);
    if (counts && this.#state === "open") this.#received++; // before anything can fail: both ends count the same
    let frame = null;
    try {
      frame = JSON.parse(text);
    } catch {
      // not of this protocol: an application may send any text
    }
    if (typeof frame?.event !== "string") return;
    if (this.#state === "open") return counts ? this.#deliver(frame) : this.#obey(frame);
    if (this.#state === "connecting" && frame.event === "$connected" && frame.data) this.#connected(frame.data);
  }

  #obey(frame) {
    const { event, id, data } = frame;
    if (event === "$pong") {
      this.#pinged = false;
      this.#forget(data?.seq);
      this.#flush();
    } else if (event === "$shed") this.#tell("$shed", data);
    // wsgen: if something is kept
    else if (event === "$joined" || event === "$lost") this.#goOn(event, data ?? {});
    // wsgen: end
    else if (event === "$cancel") {
      this.#asked.get(id)?.abort();
      this.#asked.delete(id);
      this.#leave();
    } else if (event === "$goaway") {
      this.#retryInMs = +data?.retryAfterMs || undefined;
      this.#draining = true;
      this.#leave();
    } else if (id !== undefined) this.#deliver(frame); // the answer to $refresh, or a question of later servers
  }

  // wsgen: if something is kept
  /** Goes on in a history from where the server says. What it says again, over another socket, is told once. */
  #goOn(event, { log, at, recovered }) {
    const [before, lost] = this.#places.get(log) ?? [];
    const claimed = this.#claimed.delete(log) || (before === undefined && this.#claimed.has(""));
    this.#place(log, at, event === "$lost" ? at : lost);
    if (event === "$joined" ? claimed : lost !== at) this.#tell(recovered ? "$recovered" : "$lost", { log, at });
  }

  /** Notes what this client has had of a history. */
  #place(log, at, lost = this.#places.get(log)?.[1]) {
    this.#places.delete(log);
    this.#places.set(log, [at, lost]);
    if (this.#places.size > 256) this.#forgot = this.#places.delete(this.#places.keys().next().value);
  }

  // wsgen: end
  #deliver(frame) {
    // wsgen: if something is kept
    if (frame.log && typeof frame.at === "string") this.#place(frame.log, frame.at);
    // wsgen: end
    const { event, id, data, more } = frame;
    const refused = event === "error" ? new WsError(data?.code ?? "internal", data?.message, data ?? {}) : undefined;
    if (typeof id === "string") void this.#answer(event, id, data);
    else if (typeof id === "number") {
      const call = this.#calls.get(id);
      if (more) call?.item?.(data);
      else if (call) this.#finish(call, refused, data);
    } else if (refused) this.#tell("$error", refused);
    else if (!event.startsWith("$")) this.#tell(event, data);
  }

  async #answer(event, id, data) {
    const abort = new AbortController();
    this.#asked.set(id, abort);
    let text;
    try {
      const handler = this.#handlers.get(event);
      if (!handler) throw new WsError("unknown_event", "nobody answers this here");
      text = JSON.stringify({ event, id, data: (await handler(data, { signal: abort.signal })) ?? null });
      if (this.#tooLarge(text)) throw new WsError("too_large", "the answer is too long");
    } catch (e) {
      const { code, message } = e instanceof WsError ? e : { code: "internal", message: "internal error" };
      if (!(e instanceof WsError || abort.signal.aborted)) wsReport(e);
      text = JSON.stringify({ event: "error", id, data: { code, message } });
    }
    if (this.#asked.get(id) !== abort) return; // not wanted, or asked by a session that is gone
    this.#asked.delete(id);
    this.#answers.push({ id: 0, event, text, settle: wsNone });
    this.#flush();
    this.#leave();
  }

  // ---- listeners

  #listen(key, fn, signal) {
    if (signal?.aborted) return wsNone;
    let live = true;
    const mine = (a, b) => live && fn(a, b); // the same fn twice is two
    const all = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, all.add(mine));
    const off = wsAll([() => (live = false), () => all.delete(mine), () => release()]);
    const release = wsWhenAborted(signal, off);
    return off;
  }

  #tell(key, data) {
    for (const fn of [...(this.#listeners.get(key) ?? [])]) wsTry(fn, data);
  }

  /** Changes the state, and tells it; when a listener changes it again, the others hear of that alone. */
  #become(state, cause) {
    this.#state = state;
    this.#cause = cause;
    for (const fn of [...(this.#listeners.get("$state") ?? [])]) if (this.#state === state) wsTry(fn, state, cause);
  }

  #closed(event) {
    return new WsError("closed", this.#cause?.reason || "closed", event === undefined ? {} : { event });
  }

  #whenClosed(fn) {
    if (this.#state === "closed") fn(this.#closed());
    return this.onState((state) => state === "closed" && fn(this.#closed()));
  }

  /** What start resolves, unless signal aborts or the client is closed before. */
  #until(signal, start) {
    let release = wsNone;
    return new Promise((resolve, reject) => {
      release = wsAll([start(resolve), this.#whenClosed(reject), wsWhenAborted(signal, reject)]);
    }).finally(() => release());
  }

  // ---- the connection

  async #token() {
    const { token } = this.#options;
    return (typeof token === "function" ? await token() : token) || undefined;
  }

  async #open() {
    clearTimeout(this.#timer);
    const attempt = ++this.#attempt;
    const current = () => attempt === this.#attempt;
    this.#become("connecting");
    if (!current()) return;
    const token = await this.#token().catch((e) => current() && this.#lost(0, `no token: ${e}`));
    if (!current()) return;
    const { path, WebSocket: Class = wsHere.WebSocket } = this.#options;
    const url = this.#options.url ?? wsPage?.location?.origin; // null is none, too
    if (!Class) return this.#end(0, `${path}: no WebSocket here: set WsOptions.WebSocket`);
    let socket;
    try {
      socket = this.#socket = new Class(wsAddress(url, path), "wsgen.v1.json");
    } catch (e) {
      return this.#end(0, `${path}: WsOptions.url is ${url}, and has to be as wss://HOST: ${e}`);
    }
    this.#timer = wsAfter(wsPatienceMs, () => this.#lost(4408, "no answer"));
    socket.onopen = () => {
      const resume = this.#sid === undefined ? undefined : { sid: this.#sid, seq: this.#received };
      const data = { token, schema: this.#options.schema || undefined, client: "ts", resume };
      let text = JSON.stringify({ event: "$connect", data });
      // wsgen: if something is kept
      const at = Object.fromEntries([...this.#places].map(([log, [at]]) => [log, at]));
      const more = JSON.stringify({ event: "$connect", data: { ...data, at } });
      if (this.#places.size && !this.#tooLarge(more)) text = more;
      // wsgen: end
      if (current()) this.#write(text);
    };
    socket.onmessage = (e) => current() && typeof e.data === "string" && this.#receive(e.data);
    socket.onclose = (e) => current() && this.#lost(e.code, e.reason ?? "");
    // Node 20 says no more than this where there is no connection; elsewhere close follows, and knows why.
    socket.onerror = () => wsAfter(100, () => current() && this.#lost(1006, "no connection"));
  }

  #connected({ sid, resumed, why, seq, heartbeatMs, maxBytes, schema = this.#options.schema }) {
    const attempt = this.#attempt;
    clearTimeout(this.#timer);
    this.#denied = this.#draining = this.#pinged = false;
    this.#sid = sid;
    this.#heartbeatMs = heartbeatMs > 0 ? heartbeatMs : 0;
    this.#maxBytes = maxBytes > 0 ? maxBytes : Infinity;
    if (!resumed) this.#begin();
    this.#forget(seq);
    for (const text of this.#unacked) this.#write(text);
    // What has connected has shown its token.
    this.#queue = this.#queue.filter(({ event }) => event !== "$refresh");
    for (const call of [...this.#calls.values()].filter((c) => c.sent || c.event === "$refresh")) {
      const { id, event, credit } = call;
      if (event === "$refresh") this.#finish(call);
      else if (call.over) this.#write(JSON.stringify({ event: "$cancel", id }));
      else if (credit) this.#write(JSON.stringify({ event: "$credit", id, data: credit }));
    }
    if (attempt !== this.#attempt) return; // somebody has closed it meanwhile
    this.#state = "open"; // from here on what is new is sent, behind what was sent again
    this.#since = Date.now();
    this.#watch();
    this.#flush();
    if (attempt === this.#attempt) this.#become("open");
    if (attempt !== this.#attempt) return;
    this.#opened = { resumed, why, skew: this.#options.schema !== "" && schema !== this.#options.schema };
    this.#tell("$open", this.#opened);
  }

  /** Begins another session: what was sent in the old one may be handled, or not. */
  #begin() {
    this.#received = this.#acked = this.#unacked.length = this.#answers.length = 0;
    // wsgen: if something is kept
    this.#claimed = new Set(this.#forgot ? ["", ...this.#places.keys()] : this.#places.keys());
    // wsgen: end
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const call of [...this.#calls.values()].filter((c) => c.sent && c.event !== "$refresh"))
      this.#finish(call, new WsError("disconnected", "the session was lost", { event: call.event }));
    for (const abort of asked) abort.abort();
  }

  /** Forgets what the server has. */
  #forget(seq = 0) {
    this.#acked += this.#unacked.splice(0, Math.max(0, seq - this.#acked)).length;
  }

  /** Asks the server for a sign of life when it has been silent for heartbeatMs. */
  #watch() {
    clearTimeout(this.#beat);
    if (!this.#heartbeatMs) return;
    const rest = this.#heard + this.#heartbeatMs - Date.now();
    if (rest <= 0) return this.#probe();
    this.#beat = wsAfter(Math.min(rest, this.#heartbeatMs), () => this.#watch()); // clocks are set back, too
  }

  /** Asks for it now, and gives the server up if nothing comes. */
  #probe() {
    if (this.#silent) return;
    clearTimeout(this.#beat);
    this.#silent = true;
    this.#beat = wsAfter(wsPatienceMs, () => (this.#silent ? this.#lost(wsAway, "no sign of life") : this.#watch()));
    this.#ping();
  }

  /** After a $goaway: leaves as soon as nothing is under way. */
  #leave() {
    if (!this.#draining || this.#state !== "open" || this.#asked.size + this.#answers.length > 0) return;
    for (const call of this.#calls.values()) if (call.sent) return;
    this.#lost(wsAway, "the server goes away");
  }

  /** Gives the socket up, and decides what follows. */
  #lost(code, reason) {
    if (this.#state === "open" && Date.now() - this.#since > 5000) this.#failures = 0; // else it may open in vain again
    this.#drop(wsAway, "");
    const refused = code === 4401 && (this.#denied || typeof this.#options.token !== "function");
    this.#denied ||= code === 4401;
    if (refused || wsFinal.includes(code)) return this.#end(code, reason);
    if (code === 1008 && !reason.startsWith("slow_consumer")) return this.#end(code, reason); // it is not let in
    const { minMs = 500, maxMs = 20_000 } = this.#options.retry ?? {};
    const chance = Math.random() * Math.min(maxMs, minMs * 2 ** this.#failures);
    const again = this.#failures++ > 0 ? chance : 0; // a $goaway that comes at once may come again
    const retryInMs = Math.round(Math.max(code === 4429 ? 60_000 + chance : again, this.#retryInMs ?? chance));
    this.#retryInMs = undefined;
    this.#timer = wsAfter(retryInMs, () => this.connect());
    this.#become("waiting", { code, reason, retryInMs });
  }

  #drop(code, reason) {
    this.#attempt++;
    clearTimeout(this.#timer);
    clearTimeout(this.#beat);
    this.#silent = false;
    this.#opened = undefined;
    // A reason has at most 123 bytes.
    if (this.#socket && this.#socket.readyState < 2) this.#socket.close(code, reason.slice(0, 41));
    this.#socket = undefined;
  }

  #end(code, reason) {
    if (!code) console.error(reason); // a mistake of the program, which may not listen
    this.#drop(code >= 3000 && code < 5000 ? code : 1000, reason); // others are not for a page to send
    this.#page("removeEventListener");
    this.#queue = this.#answers = [];
    this.#become("closed", { code, reason });
    for (const call of [...this.#calls.values()]) this.#finish(call, this.#closed(call.event));
    for (const abort of this.#asked.values()) abort.abort();
    this.#asked.clear();
  }

  #page(how) {
    for (const name of ["online", "pageshow", "pagehide"]) wsPage?.[how](name, this.#turn);
    wsPage?.document?.[how]("visibilitychange", this.#turn);
  }

  /** The page, or the network, goes or comes. */
  #turn = (e) => {
    const up = this.#state === "open" || this.#state === "connecting";
    if (e.type === "pagehide") {
      // No socket may stay open in the back/forward cache.
      if (e.persisted && up) this.#lost(wsAway, "the page is hidden");
    } else if (e.type === "visibilitychange" && wsPage?.document?.visibilityState === "hidden") return;
    else if (this.#state === "waiting") this.connect();
    else if (this.#state === "open") this.#probe(); // do not trust what looks open
  };
}

/** Values that wait for who iterates. */
class WsInbox {
  most = 2 * wsCredit; // how many may wait; of a stream come fewer
  release = wsNone; // called soon after the end
  #values = [];
  #wake = wsNone;
  #ended = false;
  #error;

  put(value) {
    if (this.#ended) return;
    if (this.#values.length >= this.most) return this.end(new WsError("overflow", "queue is full"));
    this.#values.push(value);
    this.#wake();
  }

  /** Ends it, behind the values that wait, or at once. */
  end(error, atOnce) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (atOnce) this.#values = [];
    this.#wake();
    queueMicrotask(() => this.release());
  }

  /** The values, behind begin, whose function is told how many were taken. */
  drain(begin) {
    const values = this.#drain(begin);
    const end = values.return;
    // Of itself a generator ends nothing before it has begun, and waits while it waits.
    values.return = (value) => (this.end(undefined, true), end.call(values, value));
    return values;
  }

  async *#drain(begin) {
    try {
      const taken = begin();
      for (let n = 0; this.#values.length > 0 || !this.#ended;) {
        if (this.#values.length === 0) await new Promise((resolve) => (this.#wake = resolve));
        else (yield this.#values.shift(), taken(++n));
      }
      if (this.#error !== undefined) throw this.#error;
    } finally {
      this.end();
    }
  }
}

const wsAll = (fns) => () => fns.forEach((fn) => fn());

/** Timers take no more than 31 bits, and run at once beyond that. */
const wsAfter = (ms, fn) => setTimeout(fn, Math.min(ms, 2 ** 31 - 1));

function wsAddress(server, path) {
  const url = new URL(server);
  url.hash = "";
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

function wsWhenAborted(signal, then) {
  const aborted = () => then(signal?.reason);
  if (signal?.aborted) aborted();
  else signal?.addEventListener("abort", aborted);
  return () => signal?.removeEventListener("abort", aborted);
}

/** What a listener throws is not ours to catch, and costs nobody else anything. */
function wsTry(fn, ...args) {
  try {
    fn(...args);
  } catch (e) {
    wsReport(e);
  }
}

const wsReport = (e) =>
  queueMicrotask(() => {
    throw e;
  });

const wsHere = globalThis;
const wsPage = typeof wsHere.addEventListener === "function" ? wsHere : undefined;
