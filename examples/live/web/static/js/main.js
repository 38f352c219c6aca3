// Puts the page together: a name first, then the connection and everything that hangs on it.
import { startChat } from "./chat.js";
import { startCounters } from "./counters.js";
import { $, tell } from "./dom.js";
import { showBanner, showDraining, showHeartbeat, showPresence, showState, startBar } from "./facts.js";
import { showTotals, startFlood } from "./flood.js";
import { keepName, keptName } from "./kept.js";
import { startLine } from "./line.js";
import { showNodes } from "./nodes.js";
import { startAsking } from "./question.js";
import { newSession } from "./session.js";
import { startAnnounce, startNotify, startOrders, startService } from "./side.js";
import { startUser, token } from "./user.js";
import { showView } from "./view.js";
import { startWire } from "./wire.js";

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

  const session = newSession(token);
  session.onState(showState);
  session.onOpen(({ skew }) => skew && tell("The server is of another version than this page: load it anew."));
  session.each((client) => {
    client.onError((error) => tell(`${error.message} (${error.code})`));
    client.on("heartbeat", showHeartbeat);
    client.on("draining", showDraining);
    client.on("nodes", showNodes);
    client.on("here", ({ count }) => showPresence(count));
    client.on("announce", (text) => {
      showBanner("Announcement", text);
      chat.announced(`Announcement: ${text}`);
    });
    client.on("notice", ({ user, text }) => {
      showBanner(`For ${user}`, text);
      chat.announced(`For ${user}: ${text}`);
    });
  });
  const chat = startChat(me, session);
  startOrders(session);
  startLine(session, chat.missing); // before others make calls when the session goes on
  startUser(session, {
    is: chat.is,
    lost(why) {
      chat.announced(why);
      tell(why);
    },
  });
  startCounters(session);
  startAsking(session);
  startAnnounce();
  startNotify();
  startService();
  startFlood();
  showTotals();
  for (const panel of document.querySelectorAll("details:not(#user, #counting)")) panel.open = matchMedia(roomy).matches;
  $("retry").addEventListener("click", session.retry);
  session.begin();
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
