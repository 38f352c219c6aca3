// The panel that shows what crosses the wire.
import { $, capped, followed, make } from "./dom.js";

const mostRows = 300;
const mostText = 4000; // characters of a frame that are shown
const arrows = { in: "↓", out: "↑", life: "·" };
const noisy = /^\{"event":"(heartbeat|presence)"|^\{"type":"heartbeat"/;

const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;

let paused = false;

// coloured cuts JSON into spans. What it does not understand stays plain text.
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
  const shown = text.length > mostText ? `${text.slice(0, mostText)}… (${text.length} characters)` : text;
  const row = make(
    "li",
    { className: way },
    make("span", { className: "mark" }),
    make("span", { className: "way", title: { in: "received", out: "sent", life: "connection" }[way] }, arrows[way]),
    make("span", { className: "path" }, path),
    make("span", { className: "json" }, ...(way === "life" ? [shown] : coloured(shown))),
  );
  row.classList.toggle("error", way === "in" && text.startsWith('{"event":"error"'));
  row.classList.toggle("noise", noisy.test(text));
  const list = $("frames");
  list.append(row);
  capped(list, mostRows);
}

export function startWire() {
  followed($("frames"));
  $("frames").addEventListener("click", (event) => event.target.closest("li")?.classList.toggle("wide"));
  $("wire-clear").addEventListener("click", () => $("frames").replaceChildren());
  $("wire-quiet").addEventListener("change", (event) => $("frames").classList.toggle("quiet", event.target.checked));
  $("wire-pause").addEventListener("click", (event) => {
    paused = !paused;
    event.target.textContent = paused ? "Resume" : "Pause";
    event.target.setAttribute("aria-pressed", String(paused));
  });
}
