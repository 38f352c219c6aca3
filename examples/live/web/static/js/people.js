// How people look: a face each, and who is here.
import { $, make } from "./dom.js";

const mostFaces = 3; // beside the title
const mostPeople = 50; // in the list

// White letters stand on each of these with 5:1. The first are for the first who come.
const colours = [
  "#3f63d1", "#c2413a", "#1d7d4f", "#9a44c7", "#a3570f", "#17738a",
  "#c2377f", "#1f4470", "#7d2148", "#2f5424", "#6a4a2f", "#4b4a6b",
];

const bright = 7;

const taken = new Map(); // author → index in colours

// colour is the same for a name wherever it can be: a name has a colour of its own until there are
// more of them on this page than colours.
function colour(author) {
  let at = taken.get(author);
  if (at === undefined) {
    let hash = 2166136261;
    for (const c of author) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
    at = hash % bright;
    const used = new Set(taken.values());
    for (let tries = 0; used.has(at) && tries < colours.length; tries++) at = (at + 1) % colours.length;
    taken.set(author, at);
  }
  return colours[at];
}

function initials(author) {
  const words = author.trim().split(/\s+/);
  const two = words.length > 1 ? [...words[0]][0] + [...words.at(-1)][0] : [...author.trim()].slice(0, 2).join("");
  return two.toUpperCase() || "?";
}

export function face(author) {
  const element = make("span", { className: "face", ariaHidden: "true" }, initials(author));
  element.style.setProperty("--face", colour(author));
  return element;
}

// badge says which user's token somebody showed. A name proves nothing, because anybody can choose it.
export const badge = (user) => make("span", { className: "badge cut", title: `signed in as ${user}` }, `${user} ✓`);

const tabs = (n) => `${n} ${n === 1 ? "tab" : "tabs"}`;

// personRow is a line of the list. Of a person who was told by key it says in how many tabs they are here.
function personRow(person, mine) {
  const { name, user } = person;
  const row = make("li", {}, face(name), make("span", { className: "cut", title: name }, name));
  if (user) row.append(badge(user));
  if (mine) row.append(make("span", { className: "you" }, "you"));
  if (person.tabs) row.append(make("span", { className: "tabs" }, tabs(person.tabs)));
  return row;
}

// showPeople shows who is in the open conversation, the visitor first: {count, people}, or nothing
// while that is not known.
export function showPeople(title, here, me) {
  const mine = ({ key, name, user }) => (key ? key === me.key : name === me.name && (user ?? "") === me.user);
  const named = here?.people ?? [];
  const people = [...named.filter(mine), ...named.filter((p) => !mine(p))].slice(0, mostPeople);
  $("people-title").textContent = here ? `${title}: ${here.count}` : title;
  const rows = people.map((person) => personRow(person, mine(person)));
  if (here && here.count > people.length) rows.push(make("li", {}, `and ${here.count - people.length} more`));
  $("people").replaceChildren(...rows);

  const shown = people.slice(0, mostFaces).map(({ name }) => face(name));
  const rest = (here?.count ?? 0) - shown.length;
  if (rest > 0) shown.push(make("span", { className: "face rest" }, rest > 99 ? "99+" : `+${rest}`));
  $("faces").replaceChildren(...shown);
  $("faces").title = people.map((p) => p.name).join(", ");
}

// showSpeaker says as whom the visitor speaks, and whether somebody else goes by that name.
export function showSpeaker(me, everybody) {
  const others = (everybody?.people ?? []).filter((p) => p.name === me.name).length - 1;
  const who = me.user ? `, signed in as ${me.user}` : ", a guest";
  $("speaker").replaceChildren(
    make("span", {}, "You speak as "),
    make("b", { className: "cut" }, me.name),
    make("span", {}, who + (others > 0 ? ` – one of ${others + 1} by that name` : "")),
  );
  $("speaker").title = $("speaker").textContent;
}
