// The panel of the counters. The server pushes them once a second to who watches, which this page does
// while the panel is open.
import { $ } from "./dom.js";

const seconds = 60; // that a line shows
const height = 20; // of a line, as its viewBox has it
const least = 4; // per second: what the height stands for at least

const counted = ["connections", "rooms", "in", "out", "shed", "refused"];
const lines = { in: [], out: [] };

const number = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function bytes(n) {
  const power = n < 1024 ? 0 : Math.min(Math.floor(Math.log2(n) / 10), 4);
  return `${number.format(n / 1024 ** power)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

function draw(name) {
  const line = lines[name];
  const most = Math.max(0, ...line);
  const y = (n) => (height - 1 - ((height - 2) * n) / Math.max(most, least)).toFixed(1);
  $(`count-${name}-line`).setAttribute("points", line.map((n, i) => `${seconds - line.length + i},${y(n)}`).join(" "));
  $(`count-${name}-most`).textContent = line.length > 0 ? number.format(most) : "–";
}

// blank forgets everything: without pushes nothing of it is known to be true.
function blank() {
  for (const name of [...counted, "waiting"]) $(`count-${name}`).textContent = "–";
  for (const name in lines) {
    lines[name] = [];
    draw(name);
  }
}

export function startCounters(session) {
  const panel = $("counting");
  const watch = () => session.isOpen() && session.client.send("watch", { on: panel.open });
  panel.addEventListener("toggle", () => {
    blank();
    watch();
  });
  session.onOpen(() => panel.open && watch());
  session.onState((name) => name !== "open" && blank());
  session.each((client) => client.on("counters", show));

  function show(counters) {
    if (!panel.open) return; // it was on its way
    for (const name of counted) $(`count-${name}`).textContent = number.format(counters[name]);
    const { waiting, limit } = counters;
    $("count-waiting").textContent = `${bytes(waiting)}${limit > 0 ? ` of ${bytes(limit)}` : ", no limit"}`;
    for (const name in lines) {
      lines[name] = [...lines[name], counters[name]].slice(-seconds);
      draw(name);
    }
  }
}
