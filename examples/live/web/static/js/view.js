// How conversations look: the list of them, and the messages of the open one.
import { $, capped, clock, followed, make } from "./dom.js";

const mostRows = 500; // of a conversation on the page
const groupWithin = 5 * 60 * 1000; // ms between lines of one author that share a head

const messagesToEnd = followed($("messages"));

// initials and hue let an author be recognised at a glance.
function initials(author) {
  const words = author.trim().split(/\s+/);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : [...author.trim()].slice(0, 2).join("")).toUpperCase() || "?";
}

function hue(author) {
  let sum = 0;
  for (const c of author) sum = (sum * 31 + c.codePointAt(0)) % 360;
  return sum;
}

function row(item, before) {
  if (item.note) return make("li", { className: item.loud ? "note loud" : "note" }, item.note);
  const face = make("span", { className: "face", ariaHidden: "true" }, initials(item.author));
  face.style.setProperty("--hue", hue(item.author));
  const who = make("p", { className: "who" }, make("b", {}, item.author));
  if (item.at) who.append(make("time", { dateTime: item.at.toISOString() }, clock(item.at)));
  const together = before?.author === item.author && Math.abs((item.at ?? 0) - (before.at ?? 0)) < groupWithin;
  const className = ["msg", item.own && "own", together && "more"].filter(Boolean).join(" ");
  return make("li", { className }, face, who, make("p", { className: "text" }, item.text));
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
  $("channel-title").textContent = channel.title;
  $("channel-about").replaceChildren(make("code", {}, channel.event), ` ${channel.about}`);
  $("draft").placeholder = `Message ${channel.title}…`;
  const list = $("messages");
  list.dataset.empty = channel.empty;
  list.setAttribute("aria-label", `Messages: ${channel.title}`);
  list.replaceChildren(...channel.items.map((item, i) => row(item, channel.items[i - 1])));
  messagesToEnd();
}

// showChannels draws the list of conversations; pick and leave are called with a channel.
export function showChannels(channels, current, pick, leave) {
  const rows = channels.map((channel) => {
    const open = make("button", { type: "button", className: "open", onclick: () => pick(channel) }, make("span", {}, channel.title));
    open.setAttribute("aria-current", String(channel === current));
    if (channel.unread > 0) open.append(make("span", { className: "count", ariaLabel: `${channel.unread} unread` }, String(channel.unread)));
    const item = make("li", {}, open);
    if (channel.room !== null) {
      item.append(make("button", { type: "button", className: "leave", ariaLabel: `Leave ${channel.title}`, onclick: () => leave(channel) }, "leave"));
    }
    return item;
  });
  $("channels").replaceChildren(...rows);
  showReceivers(channels.filter((c) => c.room !== null));
}

// showReceivers fills in whom one can push to over HTTP: everyone, rooms, and users.
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
