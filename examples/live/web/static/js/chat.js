// The conversations on /ws: everyone, and the rooms this page has joined.
import { $, toast } from "./dom.js";
import { resync } from "./history.js";
import { addRow, showChannels, showConversation, showView } from "./view.js";

const typingEvery = 2000; // ms between two notices of this page
const typingLasts = 3500; // ms a notice of somebody is shown
const mostKnown = 1000; // messages kept to compare with the server's history

function conversation(room) {
  const everyone = room === null;
  return {
    room,
    title: everyone ? "Everyone" : `#${room}`,
    event: everyone ? "message" : "say",
    about: everyone ? "is stored, and broadcast to every connection" : "reaches the members of this room, and is stored nowhere",
    empty: everyone ? "Nobody has said anything yet." : "Quiet here. Rooms keep no history.",
    items: [],
    unread: 0,
  };
}

// startChat returns the listeners for the connection and bind, which hands the connection over.
export function startChat(me) {
  const everyone = conversation(null);
  const channels = [everyone, conversation("lobby")];
  const typists = new Map(); // author → timer
  let current = everyone;
  let known = []; // messages since the server's start, as far as this page has seen them
  let live = null; // what is pushed while the history is on its way
  let lastNotice = 0;
  let socket;

  const redraw = () => showChannels(channels, current, enterConversation, leave);
  const find = (room) => channels.find((c) => c.room === room);

  function add(channel, item) {
    channel.items.push(item);
    if (channel === current) return addRow(channel.items);
    if (!item.note) channel.unread++;
    return redraw();
  }

  function pick(channel) {
    current = channel;
    channel.unread = 0;
    showConversation(channel);
    redraw();
    showTyping();
  }

  function enterConversation(channel) {
    pick(channel);
    showView("chat");
    $("draft").focus();
  }

  function remember(message, at) {
    known.push(message);
    if (known.length > mostKnown) known = known.slice(-mostKnown);
    add(everyone, { ...message, at, own: message.author === me });
  }

  // The server puts every new connection in the lobby; all else a page that comes back does again.
  async function opened() {
    live = [];
    for (const { room } of channels) {
      if (room !== null && room !== "lobby") socket.send("join", { room });
    }
    if (!find("lobby")) socket.send("leave", { room: "lobby" });
    try {
      merge(await socket.request("history"));
    } catch (error) {
      // Lost again: the next connection asks anew, and what came meanwhile is in that history.
      if (error.code !== "closed") toast(`Could not catch up: ${error.message} (${error.code})`);
    }
  }

  function merge(remembered) {
    const { gap, add: missing } = resync(known, remembered, live);
    live = null;
    if (gap === "restart") known = [];
    if (gap) {
      const note = gap === "restart" ? "The server has started anew" : "Earlier messages were missed";
      add(everyone, { note, loud: true });
    }
    for (const message of missing) remember(message, null);
  }

  function event(name, data) {
    switch (name) {
      case "message":
        typists.delete(data.author);
        showTyping();
        if (live) live.push(data);
        else remember(data, new Date());
        break;
      case "said":
        said(data);
        break;
      case "typing":
        typed(data.author);
        break;
    }
  }

  // said carries no author; this page puts the name in front of the text.
  function said({ room, text }) {
    const channel = find(room);
    if (!channel) return;
    const [, author, line] = /^([^:\n]{1,32}): ([^]*)$/.exec(text) ?? [null, "somebody", text];
    add(channel, { author, text: line, at: new Date(), own: author === me });
  }

  function typed(author) {
    if (author === me) return;
    clearTimeout(typists.get(author));
    typists.set(author, setTimeout(() => (typists.delete(author), showTyping()), typingLasts));
    showTyping();
  }

  function showTyping() {
    const names = current === everyone ? [...typists.keys()] : [];
    const who = names.length > 2 ? "Several people" : names.join(" and ");
    $("typing").textContent = who && `${who} ${names.length > 1 ? "are" : "is"} typing…`;
  }

  async function post(text) {
    if (current === everyone) return socket.request("message", { author: me, text });
    const room = current.room;
    const reached = await socket.request("say", { room, text: `${me}: ${text}` });
    if (reached === 0) toast(`Nobody is in #${room}.`);
    return reached;
  }

  async function submit(event) {
    event.preventDefault();
    const field = $("draft");
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    lastNotice = 0;
    try {
      await post(text);
    } catch (error) {
      toast(`Not sent: ${error.message} (${error.code})`);
      if (!field.value.trim()) field.value = text;
    }
  }

  async function enter(event) {
    event.preventDefault();
    const room = $("room").value.trim().replace(/^#/, "");
    if (!room) return;
    try {
      if (!find(room)) {
        await socket.request("join", { room });
        channels.push(conversation(room));
      }
      $("room").value = "";
      enterConversation(find(room));
    } catch (error) {
      toast(`Not joined: ${error.message} (${error.code})`);
    }
  }

  async function leave(channel) {
    try {
      await socket.request("leave", { room: channel.room });
    } catch (error) {
      toast(`Not left: ${error.message} (${error.code})`);
      return;
    }
    channels.splice(channels.indexOf(channel), 1);
    if (current === channel) pick(everyone);
    else redraw();
  }

  $("compose").addEventListener("submit", submit);
  $("enter").addEventListener("submit", enter);
  $("draft").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("compose").requestSubmit();
  });
  $("draft").addEventListener("input", () => {
    if (current !== everyone || Date.now() - lastNotice < typingEvery) return;
    lastNotice = Date.now();
    socket.send("typing", { author: me });
  });
  pick(everyone);

  return {
    opened,
    event,
    announced: (note) => add(everyone, { note, loud: true }),
    bind: (connection) => (socket = connection),
  };
}
