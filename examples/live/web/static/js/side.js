// The panels beside the chat: announcements over HTTP, the order counter, and the two other gateways.
import { $, answered, capped, failed, make } from "./dom.js";
import { NotifyClient, RoomsChatClient } from "./live.gen.js";
import { at } from "./nodes.js";
import { Socket } from "./session.js";
import { showFrame } from "./wire.js";

const mostOrders = 6;

// startAnnounce pushes over HTTP: to everyone, to a room, or to all the tabs of a user.
export function startAnnounce() {
  $("announce").addEventListener("submit", async (event) => {
    event.preventDefault();
    const to = $("announce-room");
    const user = to.selectedOptions[0]?.dataset.user;
    const text = $("announce-text").value;
    const [path, body] = user ? [`/notify/${encodeURIComponent(user)}`, { text }] : ["/announce", { text, ...(to.value && { room: to.value }) }];
    try {
      const response = await fetch(at(path), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(await response.text());
      const { reached } = await response.json();
      answered("announce-result", `Reached ${reached} ${reached === 1 ? "connection" : "connections"}.`);
      $("announce-text").value = "";
    } catch (error) {
      failed("announce-result", "Not sent", error);
    }
  });
}

// startOrders shows orders until they are ready. Who would have been told is a connection of this session.
export function startOrders(session) {
  const list = $("orders");
  $("order").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("order-text").value.trim();
    if (!text) return;
    const row = make("li", {}, make("span", {}, text), make("span", {}, "in the making…"));
    row.dataset.done = "false";
    row.dataset.text = text;
    list.append(row);
    capped(list, mostOrders);
    $("order-text").value = "";
    try {
      await session.client.order({ text });
      answered("order-result", "A queue worker tells only your connection.");
    } catch (error) {
      row.remove();
      failed("order-result", "Not ordered", error);
    }
  });
  const open = () => [...list.children].filter((row) => row.dataset.done === "false");
  const close = (row, done, text) => {
    row.dataset.done = done;
    row.lastElementChild.textContent = text;
  };
  session.each((client) =>
    client.on("order_done", ({ text }) => {
      const row = open().find((r) => r.dataset.text === text);
      if (row) close(row, "true", "ready ✓");
    }),
  );
  session.onOpen(({ resumed }) => resumed || open().forEach((row) => close(row, "lost", "never heard of again")));
}

// gateway makes a button that connects a client of a path and disconnects it again, and enables buttons
// meanwhile. listen is called with each client, heard with each text that comes. It returns what makes a call, and
// tells of errors in the element with the id result.
function gateway(path, Client, result, toggle, buttons, { listen, heard }) {
  let client = null;
  const became = (state, cause) => {
    toggle.textContent = { open: "Disconnect", closed: "Connect" }[state] ?? "Connecting…";
    for (const button of buttons) button.disabled = state !== "open";
    if (state === "open") showFrame("life", path, "connected");
    if (cause) showFrame("life", path, `closed ${cause.code} ${cause.reason}`.trim());
    if (state === "closed") client = null;
  };
  const tap = (way, text) => {
    showFrame(way, path, text);
    if (way === "in") heard?.(text);
  };
  toggle.addEventListener("click", () => {
    if (client) return client.close();
    client = new Client({ WebSocket: Socket, tap, lazy: true });
    client.onState(became);
    listen(client);
    client.connect();
  });
  return async (what, call) => {
    try {
      return client && { answer: await call(client) };
    } catch (error) {
      failed(result, what, error);
      return null;
    }
  };
}

export function startNotify() {
  let pongs = 0;
  const ask = gateway("/notify", NotifyClient, "notify-result", $("notify-open"), [$("notify-ping")], {
    listen: (client) => client.on("pong", (text) => answered("notify-result", `pong “${text}” – ${++pongs} so far`)),
  });
  $("notify-ping").addEventListener("click", () => ask("ping", (client) => client.ping()));
}

export function startService() {
  const joined = new Set(); // rooms and updates belong to a session: a new one asks for them again
  let updates = false;
  const join = (room) => ask("join_room", (client) => client.joinRoom({ room }));
  const subscribe = () => ask("subscribe_updates", (client) => client.subscribeUpdates());
  const ask = gateway("/rooms", RoomsChatClient, "svc-result", $("svc-open"), [$("svc-join"), $("svc-updates"), $("svc-send")], {
    listen: (client) =>
      client.onOpen(({ resumed }) => {
        if (resumed) return; // they are the session's
        for (const room of joined) join(room);
        if (updates) subscribe();
      }),
    // This service sends plain JSON besides, which is no event, so the client passes it over.
    heard(text) {
      const { type, msg, timestamp } = JSON.parse(text);
      if (type === "broadcast") answered("svc-result", `broadcast: ${msg}`);
      if (type === "heartbeat") answered("svc-result", `heartbeat: ${timestamp}`);
    },
  });
  const room = () => $("svc-room").value;
  $("svc-join").addEventListener("click", async () => {
    const name = room();
    const done = await join(name);
    if (!done) return;
    joined.add(name);
    answered("svc-result", `${done.answer} ${name}`);
  });
  $("svc-updates").addEventListener("click", () => {
    updates = true;
    subscribe();
  });
  $("svc-broadcast").addEventListener("submit", async (event) => {
    event.preventDefault();
    const message = $("svc-text").value;
    const done = await ask("broadcast", (client) => client.broadcast({ room: room(), message }));
    if (done) $("svc-text").value = ""; // it was taken
  });
}
