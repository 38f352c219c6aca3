// The bar at the top, and the pushes that it shows: connection, presence, heartbeat, announcements.
import { $ } from "./dom.js";

let presence = "–"; // of the last push; a session that goes on is not told the same again

export function showPresence(count) {
  presence = count;
  $("presence").textContent = count;
}

export function showHeartbeat(stamp) {
  const time = $("heartbeat");
  time.dateTime = stamp;
  time.textContent = `${stamp.slice(11, 19)} UTC`;
  const beat = $("beat");
  beat.classList.remove("now");
  void beat.getBoundingClientRect(); // so that the animation starts again
  beat.classList.add("now");
}

let countdown = 0;

export function showState(name, cause) {
  clearInterval(countdown);
  const open = name === "open";
  $("state").dataset.state = name;
  $("send").disabled = !open;
  $("retry").hidden = name !== "waiting" && name !== "closed";
  $("presence").textContent = open ? presence : "–";
  if (name === "closed") {
    const what = { 1000: "Closed", 4409: "Open elsewhere" }[cause.code] ?? "Closed for good";
    $("state-text").textContent = $("state-said").textContent = what;
    return;
  }
  if (name !== "waiting") {
    $("state-text").textContent = open ? "Connected" : "Connecting…";
    if (open) $("state-said").textContent = "Connected";
    return;
  }
  const until = Date.now() + cause.retryInMs;
  const why = { 1001: "Server went away", 1009: "Message too long", 4000: "Line cut", 4401: "Signed out", 4429: "Too much sent" }[cause.code] ?? "Connection lost";
  $("state-said").textContent = why; // once: nobody wants to hear a countdown
  const show = () => {
    $("state-text").textContent = `${why}, again in ${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s`;
  };
  show();
  countdown = setInterval(show, 250);
}

// showDraining says what comes next: the server will close the connection.
export function showDraining() {
  $("state").dataset.state = "draining";
  $("state-text").textContent = $("state-said").textContent = "Server is going away…";
}

export function showBanner(what, text) {
  $("banner-what").textContent = what;
  $("banner-text").textContent = text;
  $("banner").hidden = false;
}

const themes = ["light", "dark"];

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

// startBar follows the system's light or dark until the visitor chooses.
export function startBar() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const system = () => themes[Number(dark.matches)];
  const chosen = () => localStorage.getItem("wsgen-live-theme");
  applyTheme(chosen() ?? system());
  dark.addEventListener("change", () => applyTheme(chosen() ?? system()));
  $("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("wsgen-live-theme", next);
    applyTheme(next);
  });
  $("banner-close").addEventListener("click", () => ($("banner").hidden = true));
}
