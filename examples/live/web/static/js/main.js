// Puts the page together: a name first, then the connection and everything that hangs on it.
import { startChat } from "./chat.js";
import { $, toast } from "./dom.js";
import { showAnnouncement, showHeartbeat, showPresence, showState, startBar } from "./facts.js";
import { startAnnounce, startNotify, startOrders, startService } from "./side.js";
import { connect } from "./socket.js";
import { showView } from "./view.js";
import { showFrame, startWire } from "./wire.js";

const nameKey = "wsgen-live-name";

function enter(me) {
  $("welcome").hidden = true;
  $("app").hidden = $("facts").hidden = $("views").hidden = $("me").hidden = false;
  $("me").textContent = me;
  $("me").addEventListener("click", () => {
    sessionStorage.removeItem(nameKey);
    location.reload();
  });

  const chat = startChat(me);
  const countPresence = () => socket.request("presence").then(showPresence, () => {});
  let orders;
  const socket = connect("/ws", {
    state(name, detail) {
      showState(name, detail);
      if (name === "waiting") orders.lost();
    },
    frame: showFrame,
    refused: (error) => toast(`${error.message} (${error.code})`),
    open() {
      countPresence();
      chat.opened();
    },
    event(name, data) {
      switch (name) {
        case "heartbeat":
          showHeartbeat(data);
          countPresence(); // nobody pushes it, so ask at the same pace
          break;
        case "announce":
          showAnnouncement(data);
          chat.announced(data);
          break;
        case "order_done":
          orders.done(data.text);
          break;
        default:
          chat.event(name, data);
      }
    },
  });
  chat.bind(socket);
  orders = startOrders(socket);
  startAnnounce();
  startNotify();
  startService();
  $("retry").addEventListener("click", socket.retry);
  $("draft").focus();
}

startBar();
startWire();

for (const button of $("views").children) button.addEventListener("click", () => showView(button.dataset.view));

// Each tab has a name of its own, which it keeps over a reload.
const remembered = sessionStorage.getItem(nameKey);
$("name").value = remembered ?? "";
$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  if (!name) return;
  sessionStorage.setItem(nameKey, name);
  enter(name);
});
if (remembered) enter(remembered);
