// How conversations look: the list of them, and the messages of the open one.
import { $, capped, clock, followed, make } from "./dom.js";
import { badge, face } from "./people.js";

const mostRows = 500; // of a conversation on the page
const groupWithin = 5 * 60 * 1000; // ms between lines of one author that share a head
const longText = 1200; // characters, or so many lines, of which only the beginning is shown at first
const manyLines = 14;

const messagesToEnd = followed($("messages"));

function row(item, before) {
  if (item.note) return make("li", { className: `note ${item.kind}` }, make("span", {}, item.note));
  const who = make("p", { className: "who" }, make("b", { className: "cut", title: item.author }, item.author));
  if (item.user) who.append(badge(item.user));
  if (item.at) who.append(make("time", { dateTime: item.at.toISOString() }, clock(item.at)));
  if (item.late) who.append(make("span", { className: "recovered", title: "said while you were away" }, "recovered"));
  const same = before?.author === item.author && before.user === item.user && before.late === item.late;
  const together = same && Math.abs((item.at ?? 0) - (before.at ?? 0)) < groupWithin;
  const text = make("p", { className: "text" }, item.text);
  const element = make("li", { className: "msg" }, face(item.author), who, text);
  element.classList.toggle("own", Boolean(item.own));
  element.classList.toggle("late", Boolean(item.late));
  element.classList.toggle("more", together);
  if (item.text.length > longText || item.text.split("\n", manyLines + 1).length > manyLines) shorten(element);
  return element;
}

function shorten(element) {
  element.classList.add("long");
  const whole = make("button", { type: "button", className: "link whole" }, "Show all");
  whole.addEventListener("click", () => {
    const long = element.classList.toggle("long");
    whole.textContent = long ? "Show all" : "Show less";
  });
  element.append(whole);
}

// showView picks one of the three views that a narrow screen shows one at a time.
export function showView(name) {
  $("app").dataset.view = name;
  for (const button of $("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === name));
}

// addRow shows one more item of the open conversation.
export function addRow(items) {
  const list = $("messages");
  list.append(row(items.at(-1), items.at(-2)));
  capped(list, mostRows);
}

// showConversation replaces what is shown by another conversation.
export function showConversation(channel) {
  if (channel.items.length > mostRows) channel.items.splice(0, channel.items.length - mostRows);
  $("channel-title").textContent = $("channel-title").title = channel.title;
  $("channel-about").replaceChildren(make("code", {}, channel.event), ` ${channel.about}`);
  $("channel-about").title = $("channel-about").textContent;
  $("draft").placeholder = `Message ${channel.title}…`;
  const list = $("messages");
  list.dataset.empty = channel.empty;
  list.setAttribute("aria-label", `Messages: ${channel.title}`);
  list.replaceChildren(...channel.items.map((item, i) => row(item, channel.items[i - 1])));
  messagesToEnd();
}

// entry is a line in the list of conversations. It is made once, so that the focus of the keyboard
// stays on it whatever happens in others.
function entry(channel, pick, leave) {
  const title = make("span", { className: "cut", title: channel.title }, channel.title);
  const count = make("span", { className: "count", hidden: true });
  const open = make("button", { type: "button", className: "open", onclick: () => pick(channel) }, title, count);
  const element = make("li", {}, open);
  if (channel.room !== null) {
    element.append(make("button", { type: "button", className: "leave", ariaLabel: `Leave ${channel.title}`, onclick: () => leave(channel) }, "leave"));
  }
  return { element, open, count };
}

// showChannels draws the list of conversations; pick and leave are called with a channel.
export function showChannels(channels, current, pick, leave) {
  let unread = 0;
  for (const channel of channels) {
    channel.entry ??= entry(channel, pick, leave);
    const { open, count } = channel.entry;
    open.setAttribute("aria-current", String(channel === current));
    count.hidden = channel.unread === 0;
    count.textContent = channel.unread > 99 ? "99+" : String(channel.unread);
    count.ariaLabel = `${channel.unread} unread`;
    unread += channel.unread;
  }
  $("unread").hidden = unread === 0;
  $("unread").textContent = unread > 99 ? "99+" : String(unread);
  $("unread").ariaLabel = `${unread} unread`;
  const rows = channels.map((channel) => channel.entry.element);
  const list = $("channels");
  if (rows.length === list.childElementCount && rows.every((element, i) => element === list.children[i])) return;
  for (const gone of [...list.children].filter((element) => !rows.includes(element))) gone.remove();
  list.append(...rows.filter((element) => element.parentElement !== list));
  showReceivers(channels.filter((c) => c.room !== null));
}

// showReceivers fills in the receivers of a push over HTTP: everyone, rooms, and users.
function showReceivers(rooms) {
  const to = $("announce-room");
  const { value, dataset } = to.selectedOptions[0] ?? { value: "", dataset: {} };
  const receivers = [new Option("everyone", ""), ...rooms.map((c) => new Option(c.title, c.room))];
  for (const user of ["ann", "ben"]) {
    const option = new Option(`${user}, every tab`, user);
    option.dataset.user = user;
    receivers.push(option);
  }
  to.replaceChildren(...receivers);
  const same = receivers.find((o) => o.value === value && o.dataset.user === dataset.user);
  to.selectedIndex = same ? receivers.indexOf(same) : 0;
}
