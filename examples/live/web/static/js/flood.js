// The panel of /flood. Its connection is in a worker, since only a thread of its own can be too busy
// to read while the page goes on; slow.js is that thread.
import { $, answered, make } from "./dom.js";
import { at } from "./nodes.js";

const busyFor = 2000; // ms, of a slow reader; a burst takes half a second
const drops = 2000; // 16 MB: the browser and the system buffer some of that

const parts = [
  ["received", "received", "good"],
  ["replaced", "replaced by newer ones", "warn"],
  ["shed", "shed", "bad"],
  ["lost", "never came", "bad"],
];

function show(pushed, counts) {
  $("flood-bar").replaceChildren(
    ...parts.map(([key, , tone]) => {
      const part = make("span", { className: tone });
      part.style.flexGrow = counts[key] ?? 0;
      return part;
    }),
  );
  $("flood-legend").replaceChildren(
    ...parts
      .filter(([key]) => counts[key] > 0)
      .map(([key, what, tone]) => make("li", { className: tone }, make("b", {}, String(counts[key])), ` ${what}`)),
  );
  for (const [key] of parts) $("flood-bar").dataset[key] = counts[key] ?? "";
  $("flood-bar").dataset.pushed = pushed ?? "";
}

// showTotals shows what the server says of all bursts since its start.
export async function showTotals() {
  try {
    const { flood } = await (await fetch(at("/stats"))).json();
    const n = (count, what) => `${count.toLocaleString("en")} ${what}`;
    $("flood-totals").textContent =
      `So far: ${n(flood.shed, "shed")}, ${n(flood.replaced, "replaced")}, ${n(flood.slow, "closed")}.`;
  } catch {
    $("flood-totals").textContent = "";
  }
}

export function startFlood() {
  const button = $("flood-go");
  let worker = null;

  function finished(text, tone) {
    worker.terminate();
    worker = null;
    button.disabled = false;
    answered("flood-result", text, tone);
    showTotals();
  }

  function heard({ data }) {
    if (data.report) {
      const { pushed, shed, replaced } = data.report;
      show(pushed, { received: data.received, replaced, shed });
      const rest = pushed - data.received - replaced - shed;
      if (rest) finished(`${pushed} pushed, and ${rest} are missing!`, "bad");
      else finished(`That makes ${pushed}: none is lost unseen.`);
    } else if (data.refused) {
      finished(`${data.refused.code}: ${data.refused.message}.`, "bad");
    } else {
      // The connection is gone, and the drops that were still to come with it.
      show(null, { received: data.received, lost: drops - data.received });
      finished(`${`Closed with ${data.code} ${data.reason}`.trim()}, after ${data.received} of ${drops}.`, "bad");
    }
  }

  $("flood").addEventListener("submit", (event) => {
    event.preventDefault();
    if (worker) return;
    button.disabled = true;
    $("flood-bar").replaceChildren();
    $("flood-legend").replaceChildren();
    answered("flood-result", $("flood-slow").checked ? "Pushing, and nobody reads…" : "Pushing…");
    worker = new Worker("/static/js/slow.js");
    worker.onmessage = heard;
    worker.onerror = () => finished("The worker did not start.", "bad");
    worker.postMessage({
      url: at("/flood").replace(/^http/, "ws"),
      count: drops,
      policy: $("flood-policy").value,
      busyMs: $("flood-slow").checked ? busyFor : 0,
    });
  });
}
