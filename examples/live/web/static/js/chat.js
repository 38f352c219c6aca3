// The conversations on /ws: everyone, and the rooms this page has joined.
import { newCrowd } from "./crowd.js";
import { $, answered, failed, tell, untell } from "./dom.js";
import { keepRooms, keptRooms } from "./kept.js";
import { startLines } from "./lines.js";
import { showPeople, showSpeaker } from "./people.js";
import { gone } from "./session.js";
import { addRow, showChannels, showConversation, showView } from "./view.js";

const typingEvery = 2000; // ms between two notices of this page
const typingLasts = 3500; // ms a notice of somebody is shown
const roomsHint = "You stay in your rooms over a reload.";

function conversation(room) {
  const everyone = room === null;
  return {
    room,
    title: everyone ? "Everyone" : `#${room}`,
    event: everyone ? "message" : "say",
    about: everyone ? "is stored, sent to everybody, and kept for who was away" : "reaches who is in here; nothing is stored",
    empty: everyone ? "Nobody has said anything yet." : "Quiet here. Rooms keep no history.",
    items: [],
    unread: 0,
    draft: "",
  };
}

export function startChat(name, session) {
  const me = { name, user: "", key: "" }; // key is what the push people knows this visitor by
  const everyone = conversation(null);
  const kept = keptRooms();
  const channels = [everyone, ...kept.rooms.map(conversation)];
  const typists = new Map(); // author → timer
  const present = new Map(); // room, or null for everyone → {count, people}; a push comes before the answer to join
  const crowd = newCrowd();
  let current = everyone;
  let lastNotice = 0;

  const redraw = () => showChannels(channels, current, enterConversation, leave);
  const find = (room) => channels.find((c) => c.room === room);
  const keep = () => keepRooms(channels.filter((c) => c !== everyone).map((c) => c.room), current.room);
  const mine = (author, user) => author === me.name && (user ?? "") === me.user;

  function add(channel, item) {
    channel.items.push(item);
    if (channel === current) return addRow(channel.items);
    if (!item.note) channel.unread++;
    return redraw();
  }

  function pick(channel) {
    const field = $("draft");
    current.draft = field.value;
    current = channel;
    field.value = channel.draft;
    channel.unread = 0;
    keep();
    untell();
    showConversation(channel);
    redraw();
    showTyping();
    showHere();
    measure();
  }

  function showHere() {
    if (current === everyone) showPeople("Here now", crowd.here(), me);
    else showPeople(`In ${current.title}`, present.get(current.room), me);
    showSpeaker(me, present.get(null));
  }

  function enterConversation(channel) {
    pick(channel);
    showView("chat");
    // On a phone that would bring up the keyboard, over the messages.
    if (matchMedia("(pointer: fine)").matches) $("draft").focus();
    else $("messages").focus();
  }

  const lines = startLines(
    session,
    (message, when) => add(everyone, { ...message, at: when === "now" ? new Date() : null, late: when === "away", own: mine(message.author, message.user) }),
    (note, kind) => add(everyone, { note, kind }),
  );

  // The server puts every new session in the lobby. A page whose session is new joins its other rooms again.
  function opened() {
    introduce();
    for (const { room } of channels) {
      if (room !== null && room !== "lobby") session.client.send("join", { room });
    }
    if (!find("lobby")) session.client.send("leave", { room: "lobby" });
    lines.begin();
  }

  // introduce says hello, and appears. From then on the server tells this page who is here, and others of it.
  async function introduce() {
    const { client } = session;
    try {
      await Promise.all([client.hello({ name: me.name }), client.appear()]);
    } catch (error) {
      if (!gone(error)) tell(`Not introduced: ${error.message} (${error.code})`);
    }
  }

  function here(room, data) {
    present.set(room, data);
    showHere();
  }

  // A line of somebody who did not say hello has no author.
  function said({ room, text, author = "somebody", user }) {
    const channel = find(room);
    if (channel) add(channel, { author, user, text, at: new Date(), own: mine(author, user) });
  }

  function typed({ author }) {
    if (author === me.name) return;
    clearTimeout(typists.get(author));
    typists.set(author, setTimeout(() => (typists.delete(author), showTyping()), typingLasts));
    showTyping();
  }

  function showTyping() {
    const names = current === everyone ? [...typists.keys()] : [];
    const who = names.length > 2 ? "Several people" : names.join(" and ");
    $("typing").textContent = who && `${who} ${names.length > 1 ? "are" : "is"} typing…`;
  }

  const frame = (text) => (current === everyone ? ["message", { author: me.name, text }] : ["say", { room: current.room, text }]);

  function speak(text) {
    const [event, data] = frame(text);
    return event === "message" ? session.client.message(data) : session.client.say(data);
  }

  // measure tells that a message is too long before it is sent: the server would close the connection.
  function measure() {
    const over = session.excess(...frame($("draft").value.trim()));
    const was = $("draft").getAttribute("aria-invalid") === "true";
    $("draft").setAttribute("aria-invalid", String(over > 0));
    if (over > 0) {
      tell(`Too long to send: ${over.toLocaleString("en")} ${over === 1 ? "byte" : "bytes"} more than the server takes in one message.`);
    } else if (was) {
      untell();
    }
    return over <= 0;
  }

  async function submit(event) {
    event.preventDefault();
    const field = $("draft");
    const text = field.value.trim();
    if (!text || !measure()) return;
    const channel = current;
    field.value = "";
    lastNotice = 0;
    try {
      const answer = await speak(text);
      untell();
      if (channel !== everyone && answer === 0) tell(`Nobody is in ${channel.title}.`);
    } catch (error) {
      tell(`Not sent: ${error.message} (${error.code})`);
      if (channel !== current) channel.draft ||= text;
      else if (!field.value.trim()) field.value = text;
    }
  }

  async function enter(event) {
    event.preventDefault();
    const room = $("room").value.trim().replace(/^#/, "");
    if (!room) return;
    try {
      if (!find(room)) {
        await session.client.join({ room });
        channels.push(conversation(room));
      }
      $("room").value = "";
      answered("enter-result", roomsHint);
      enterConversation(find(room));
    } catch (error) {
      failed("enter-result", "Not joined", error);
    }
  }

  async function leave(channel) {
    try {
      await session.client.leave({ room: channel.room });
    } catch (error) {
      failed("enter-result", "Not left", error);
      return;
    }
    answered("enter-result", roomsHint);
    channels.splice(channels.indexOf(channel), 1);
    present.delete(channel.room);
    if (current === channel) pick(everyone);
    else redraw();
    keep();
    everyone.entry.open.focus(); // the button that was pressed is gone
  }

  $("compose").addEventListener("submit", submit);
  $("enter").addEventListener("submit", enter);
  $("told-close").addEventListener("click", () => {
    untell();
    $("draft").focus();
  });
  $("draft").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("compose").requestSubmit();
  });
  $("draft").addEventListener("input", () => {
    measure();
    if (current !== everyone || !session.isOpen() || Date.now() - lastNotice < typingEvery) return;
    lastNotice = Date.now();
    session.client.send("typing", { author: me.name }); // nobody waits for an answer
  });
  pick(find(kept.open));

  session.onOpen(({ resumed }) => (resumed ? lines.goOn() : opened()));
  session.each((client) => {
    client.on("message", ({ author }) => {
      typists.delete(author);
      showTyping();
    });
    client.on("said", said);
    client.on("typing", typed);
    client.on("here", (data) => here(null, data));
    client.on("present", (data) => here(data.room, data));
    client.on("people", (data) => {
      crowd.told(data);
      showHere();
    });
  });

  return {
    missing: lines.missing,
    announced: (note) => add(everyone, { note, kind: "loud" }),
    // is tells whom the server takes this page for: a user, "" for a guest, and a connection.
    is({ user, conn }) {
      me.user = user;
      me.key = user || conn;
      showHere();
    },
  };
}
