// Puts the page together: a name first, then the connection and everything that hangs on it.
import { startChat } from "./chat.js";
import { $, toast } from "./dom.js";
import { showBanner, showDraining, showHeartbeat, showPresence, showState, startBar } from "./facts.js";
import { showTotals, startFlood } from "./flood.js";
import { startAnnounce, startNotify, startOrders, startService } from "./side.js";
import { connect } from "./socket.js";
import { startUser, token } from "./user.js";
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
  let orders, user;
  const socket = connect("/ws", {
    token,
    state(name, detail) {
      showState(name, detail);
      if (name !== "waiting") return;
      orders.lost();
      user.closed(detail.code, detail.reason);
    },
    frame: showFrame,
    refused: (error) => toast(`${error.message} (${error.code})`),
    open() {
      countPresence();
      user.opened();
      chat.opened();
    },
    event(name, data) {
      switch (name) {
        case "heartbeat":
          showHeartbeat(data);
          countPresence(); // nobody pushes it, so ask at the same pace
          break;
        case "announce":
          showBanner("Announcement", data);
          chat.announced(`Announcement: ${data}`);
          break;
        case "notice":
          showBanner(`For ${data.user}`, data.text);
          chat.announced(`For ${data.user}: ${data.text}`);
          break;
        case "draining":
          showDraining();
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
  user = startUser(socket);
  startAnnounce();
  startNotify();
  startService();
  startFlood();
  showTotals();
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
