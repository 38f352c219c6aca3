// Listens to lines, as often as it is told: for each number on standard input it has so
// many come, and prints how many milliseconds that took. Its arguments are what it
// listens with and the server.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";
import WebSocket from "ws";
import { BoardClient } from "./board.mjs";

let heard = 0;
const hears = (line) => {
  heard += line.text.length > 0 ? 1 : 0;
};

/** What each returns has n lines come, and resolves when all are there. */
const kinds = {
  async bare(address) {
    const socket = new WebSocket(`ws://${address}/bare`);
    let done;
    socket.onmessage = (message) => {
      const { event, id, data } = JSON.parse(message.data);
      if (id !== undefined) done();
      else if (event === "added") hears(data);
    };
    await new Promise((opened) => (socket.onopen = opened));
    return (n) =>
      new Promise((resolve) => {
        done = resolve;
        socket.send(JSON.stringify({ event: "start", id: 1, data: { lines: n } }));
      });
  },
  async wsgen(address) {
    const client = new BoardClient({ url: `ws://${address}`, WebSocket });
    client.on("added", hears);
    client.connect();
    return (n) => client.start({ lines: n }, { timeoutMs: 60_000 });
  },
  async "socket.io"(address) {
    const socket = io(`http://${address}`, { transports: ["websocket"] });
    socket.on("added", hears);
    await new Promise((opened) => socket.on("connect", opened));
    return (n) => new Promise((resolve) => socket.emit("start", n, resolve));
  },
};

const [kind, address] = process.argv.slice(2);
const start = await kinds[kind](address);
for await (const line of createInterface({ input: process.stdin })) {
  const n = Number(line);
  heard = 0;
  const began = performance.now();
  await start(n);
  const took = performance.now() - began;
  if (heard !== n) throw new Error(`${kind} has heard ${heard} of ${n}`);
  console.log(took);
}
process.exit(0);
