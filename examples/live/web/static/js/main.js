// Puts the page together: a name first, then the connection and everything that hangs on it.
import { startChat } from "./chat.js";
import { startCounters } from "./counters.js";
import { $, tell } from "./dom.js";
import { showBanner, showDraining, showHeartbeat, showPresence, showState, startBar } from "./facts.js";
import { showTotals, startFlood } from "./flood.js";
import { keepName, keptName } from "./kept.js";
import { startLine } from "./line.js";
import { at, lost, showNodes } from "./nodes.js";
import { confirm, startAsking } from "./question.js";
import { startSession } from "./session.js";
import { startAnnounce, startNotify, startOrders, startService } from "./side.js";
import { startUser, token } from "./user.js";
import { showView } from "./view.js";
import { showFrame, startWire } from "./wire.js";

// A window that matches roomy shows everything. In others the panels are closed that nobody has asked
// for, and the conversation has the room. The counters are always closed: they cost a frame each second.
const roomy = "(min-width: 1200px) and (min-height: 1000px)";

function enter(me) {
  $("welcome").hidden = true;
  $("app").hidden = $("facts").hidden = $("views").hidden = $("me").hidden = $("skip").hidden = false;
  $("me").textContent = me;
  $("me").setAttribute("aria-label", `${me}: join under another name`);
  $("me").addEventListener("click", () => {
    keepName(null);
    location.reload();
  });

  const chat = startChat(me);
  let orders, user, counters, line;
  const session = startSession(() => at("/ws").replace(/^http/, "ws"), {
    token,
    lost,
    state(name, detail) {
      showState(name, detail);
      line?.state(name);
      if (name !== "waiting" && name !== "closed") return;
      counters.closed();
      user.closed(detail.code, detail.reason);
    },
    frame: (way, text) => showFrame(way, "/ws", text),
    refused: (error) => tell(`${error.message} (${error.code})`),
    open({ resumed, why }) {
      user.opened();
      counters.opened();
      if (resumed) return; // what was missed is on its way
      orders.lost();
      chat.opened();
      line.anew(why);
    },
    caughtUp: (n) => line.wentOn(n),
    shed: () => chat.catchUp(),
    asked: (name, data, signal) => (name === "confirm" ? confirm(data, signal) : undefined),
    event(name, data) {
      switch (name) {
        case "heartbeat":
          showHeartbeat(data);
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
        case "counters":
          counters.show(data);
          break;
        case "nodes":
          showNodes(data);
          break;
        case "here":
          showPresence(data.count);
          chat.event(name, data);
          break;
        default:
          chat.event(name, data);
      }
    },
  });
  chat.bind(session);
  orders = startOrders(session);
  line = startLine(session, chat.missing);
  user = startUser(session, {
    is: chat.is,
    lost(why) {
      chat.announced(why);
      tell(why);
    },
  });
  counters = startCounters(session);
  startAsking(session);
  startAnnounce();
  startNotify();
  startService();
  startFlood();
  showTotals();
  for (const panel of document.querySelectorAll("details:not(#user, #counting)")) panel.open = matchMedia(roomy).matches;
  $("retry").addEventListener("click", session.retry);
  $("draft").focus();
}

startBar();
startWire();

for (const button of $("views").children) button.addEventListener("click", () => showView(button.dataset.view));

// Each tab has a name of its own, which it keeps over a reload.
const remembered = keptName();
$("name").value = remembered ?? "";
$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  if (!name) return;
  keepName(name);
  enter(name);
});
if (remembered) enter(remembered);
