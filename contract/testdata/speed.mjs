// Measures what a push into a listener costs, beside JSON.parse of the same frame and a
// lookup of who listens. Prints a ratio for each try, which is the median of rounds in
// which both take turns, and ends with the first that is small enough.
//
//   node speed.mjs CLIENT.mjs RATIO
import { pathToFileURL } from "node:url";

const { BoardClient } = await import(pathToFileURL(process.argv[2]).href);
const enough = Number(process.argv[3]);
const [tries, rounds, pushes] = [12, 41, 2000];

const messages = Array.from({ length: 64 }, (_, id) => ({
  data: JSON.stringify({ event: "posted", data: { id, author: "ann", text: "hello there, ".repeat(8), replies: null } }),
}));

let heard = 0;
const hears = (post) => {
  heard += post.text.length > 0 ? 1 : 0;
};

// ---- by hand

const listeners = new Map([["posted", new Set([hears])]]);
const bare = (message) => {
  const { event, data } = JSON.parse(message.data);
  for (const fn of listeners.get(event) ?? []) fn(data);
};

// ---- the client

let socket;
class Socket {
  readyState = 0;
  constructor() {
    socket = this;
  }
  send() {}
  close() {}
}

const client = new BoardClient({ board: "kitchen" }, { url: "ws://server.test", WebSocket: Socket });
client.on("posted", hears);
await new Promise((resolve) => setImmediate(resolve)); // it asks for a token
socket.readyState = 1;
socket.onopen({});
socket.onmessage({ data: '{"event":"$connected","data":{"sid":"s1","resumed":false,"seq":0}}' });
if (client.state !== "open") throw new Error(`the client is ${client.state}`);
const ours = (message) => socket.onmessage(message);

// ---- both in turn

function time(push) {
  const before = heard;
  const began = performance.now();
  for (let i = 0; i < pushes; i++) push(messages[i % messages.length]);
  const took = performance.now() - began;
  if (heard - before !== pushes) throw new Error(`${heard - before} of ${pushes} were heard`);
  return took;
}

function ratio() {
  const ratios = [];
  for (let round = 0; round < rounds; round++) {
    const first = time(round % 2 ? bare : ours);
    const second = time(round % 2 ? ours : bare);
    ratios.push(round % 2 ? second / first : first / second);
  }
  return ratios.sort((a, b) => a - b)[rounds >> 1];
}

ratio(); // for the compiler
for (let n = 0, is = Infinity; n < tries && is > enough; n++) console.log((is = ratio()));
process.exit(0);
