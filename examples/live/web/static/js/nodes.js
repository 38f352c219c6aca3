// The nodes of the server, of which this page speaks to one at a time. All have the page's host, and each
// a port of its own.
import { $, make } from "./dom.js";

let port = location.port; // of the node that this page speaks to
let known = []; // {port, state} of all, as the last of them told

// at is where a path is on the node that this page speaks to.
export function at(path) {
  const url = new URL(path, location.href);
  url.port = port;
  return url.href;
}

// A connection that ended with one of these would end in the same way at another node: by our own wish,
// because of a message, because of a token.
const notTheNode = [1000, 1009, 4000, 4401];

// lost goes on to the next node, when a connection has ended. With but one node that is the same. A session
// lives at one node, and so is tried there once more, unless that has said that it goes away.
export function lost({ code, reason, opened }) {
  const away = code === 1001 && reason.startsWith("shutdown");
  if (notTheNode.includes(code) || (opened && !away)) return;
  const ports = known.filter((n) => n.state === "up" || n.port === port).map((n) => n.port);
  if (ports.length > 0) port = ports[(ports.indexOf(port) + 1) % ports.length];
}

const portOf = (addr) => addr.slice(addr.lastIndexOf(":") + 1);
const states = { up: "up", draining: "is going away", silent: "not heard" };

// showNodes shows the node that this page speaks to, and what that says of the others.
export function showNodes({ self, up, nodes }) {
  known = nodes.map(({ addr, state }) => ({ port: portOf(addr), state }));
  $("nodes").hidden = false;
  $("nodes-self").textContent = `:${portOf(self)}, ${nodes.length === 1 ? "alone" : `one of ${nodes.length}`}`;
  $("nodes-list").replaceChildren(
    ...nodes.map(({ addr, connections, state }) => {
      const what = `${connections} ${connections === 1 ? "connection" : "connections"}`;
      const row = make("li", {}, make("b", {}, `:${portOf(addr)}`), make("span", {}, addr === self ? `${what}, yours too` : what));
      row.dataset.state = state;
      row.append(make("span", { className: "node-state" }, states[state] ?? state));
      return row;
    }),
  );
  $("nodes-link").textContent = up ? "They hear each other over NATS." : "This node hears nothing of the others.";
  $("nodes-link").dataset.tone = up ? "" : "bad";
}
