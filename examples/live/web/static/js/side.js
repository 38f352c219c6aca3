// The panels beside the chat: announcements over HTTP, the order counter, and the two other gateways.
import { $, answered, capped, failed, make } from "./dom.js";
import { at } from "./nodes.js";
import { startSession } from "./session.js";
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

// startOrders returns done, which takes the text of an order that is ready, and lost, for when the
// connection that would have been told is gone.
export function startOrders(socket) {
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
      await socket.request("order", { text });
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
  return {
    done(text) {
      const row = open().find((r) => r.dataset.text === text);
      if (row) close(row, "true", "ready ✓");
    },
    lost: () => open().forEach((row) => close(row, "lost", "never heard of again")),
  };
}

// gateway makes a button that connects path and disconnects it again, and enables buttons meanwhile.
// It tells of errors in the element with the id result.
function gateway(path, result, toggle, buttons, listeners) {
  let socket = null;
  const state = (name) => {
    toggle.textContent = { open: "Disconnect", closed: "Connect" }[name] ?? "Connecting…";
    for (const button of buttons) button.disabled = name !== "open";
  };
  toggle.addEventListener("click", () => {
    if (socket) {
      socket.stop();
      socket = null;
      return;
    }
    socket = startSession(() => at(path).replace(/^http/, "ws"), {
      ...listeners,
      state,
      frame: (way, text) => showFrame(way, path, text),
    });
  });
  return (event, data) => socket?.request(event, data).catch((error) => failed(result, event, error));
}

export function startNotify() {
  let pongs = 0;
  const ask = gateway("/notify", "notify-result", $("notify-open"), [$("notify-ping")], {
    event(name, data) {
      if (name === "pong") answered("notify-result", `pong “${data}” – ${++pongs} so far`);
    },
  });
  $("notify-ping").addEventListener("click", () => ask("ping"));
}

export function startService() {
  const joined = new Set(); // rooms and updates belong to a session: a new one asks for them again
  let updates = false;
  const ask = gateway("/rooms", "svc-result", $("svc-open"), [$("svc-join"), $("svc-updates"), $("svc-send")], {
    open({ resumed }) {
      if (resumed) return; // they are the session's
      for (const name of joined) ask("join_room", { room: name });
      if (updates) ask("subscribe_updates");
    },
    other(frame) {
      if (frame?.type === "broadcast") answered("svc-result", `broadcast: ${frame.msg}`);
      if (frame?.type === "heartbeat") answered("svc-result", `heartbeat: ${frame.timestamp}`);
    },
  });
  const room = () => $("svc-room").value;
  $("svc-join").addEventListener("click", async () => {
    const name = room();
    const answer = await ask("join_room", { room: name });
    if (!answer) return;
    joined.add(name);
    answered("svc-result", `${answer} ${name}`);
  });
  $("svc-updates").addEventListener("click", () => {
    updates = true;
    ask("subscribe_updates");
  });
  $("svc-broadcast").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await ask("broadcast", { room: room(), message: $("svc-text").value });
    if (answer === null) $("svc-text").value = ""; // it was taken
  });
}
