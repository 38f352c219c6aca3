// The panel that shows the frames on the wire.
import { $, capped, followed, make } from "./dom.js";

const mostRows = 300;
const mostNoisy = 40; // of them: what comes again and again must not drive everything else out
const mostText = 4000; // characters of a frame that are shown
const arrows = { in: "↓", out: "↑", life: "·" };
const noisy = /^\{"(event|type)":"(heartbeat|counters|\$ping|\$pong)"/;
const secret = /"(token|sid)":"[^"]*"/g; // nobody shall read these over a shoulder, or in a picture

const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;

let paused = false;

// coloured cuts JSON into spans. Text that it does not understand stays as it is.
function coloured(text) {
  const parts = [];
  let done = 0;
  for (const match of text.matchAll(token)) {
    const [all, string, colon] = match;
    const className = colon ? "key" : string ? "string" : "number";
    parts.push(text.slice(done, match.index), make("span", { className }, all));
    done = match.index + all.length;
  }
  return [...parts, text.slice(done)];
}

export function showFrame(way, path, text) {
  if (paused) return;
  const open = text.replace(secret, '"$1":"…"');
  const shown = open.length > mostText ? `${open.slice(0, mostText)}… (${text.length} characters)` : open;
  const row = make(
    "button",
    { type: "button", tabIndex: -1 },
    make("span", { className: "way", title: { in: "received", out: "sent", life: "connection" }[way] }, arrows[way]),
    make("span", { className: "path" }, path),
    make("span", { className: "json" }, ...(way === "life" ? [shown] : coloured(shown))),
  );
  row.setAttribute("aria-expanded", "false");
  const item = make("li", { className: way }, row);
  item.classList.toggle("error", way === "in" && text.startsWith('{"event":"error"'));
  item.classList.toggle("noise", noisy.test(text));
  const list = $("frames");
  list.append(item);
  calm(list);
  capped(list, mostRows);
  // The Tab key stops at one frame, however many there are: the focused one, or the newest.
  if (!list.contains(document.activeElement) && row.checkVisibility()) stopAt(row);
}

// calm removes the oldest noisy frame above mostNoisy, but not the one that the keyboard is at.
function calm(list) {
  const noise = [...list.getElementsByClassName("noise")];
  if (noise.length > mostNoisy) noise.find((item) => !item.contains(document.activeElement)).remove();
}

function stopAt(row) {
  const before = $("frames").querySelector('[tabindex="0"]');
  if (before) before.tabIndex = -1;
  if (row) row.tabIndex = 0;
}

const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function move(event) {
  if (!(event.key in steps)) return;
  event.preventDefault();
  const rows = [...$("frames").querySelectorAll("button")].filter((row) => row.checkVisibility());
  const at = rows.indexOf(document.activeElement) + steps[event.key];
  const row = rows[Math.min(Math.max(at, 0), rows.length - 1)];
  stopAt(row);
  row?.focus();
}

export function startWire() {
  followed($("frames"));
  $("frames").addEventListener("keydown", move);
  $("frames").addEventListener("click", (event) => {
    const row = event.target.closest("button");
    row?.setAttribute("aria-expanded", String(row.getAttribute("aria-expanded") !== "true"));
    if (row) stopAt(row);
  });
  $("wire-clear").addEventListener("click", () => $("frames").replaceChildren());
  $("wire-quiet").addEventListener("change", (event) => $("frames").classList.toggle("quiet", event.target.checked));
  $("wire-pause").addEventListener("click", (event) => {
    paused = !paused;
    event.target.textContent = paused ? "Resume" : "Pause";
    event.target.setAttribute("aria-pressed", String(paused));
  });
}
