// The program that the page about Socket.IO has for comparison, and those who use it.
// Writes a line of JSON for each case: its name, and what was otherwise.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io as connect, type Socket as Client } from "socket.io-client";

const site = createServer();
const io = new Server(site);

/* the program */

await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
const { port } = site.address() as AddressInfo;

function client(token: string): Client {
  return connect(`http://127.0.0.1:${port}`, { auth: { token }, transports: ["websocket"], reconnection: false, forceNew: true });
}

/** The arguments of the next event. */
const next = (of: Client, event: string) => new Promise<unknown[]>((resolve) => of.once(event, (...args) => resolve(args)));

function same(is: unknown, want: unknown): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(want)];
  if (a !== b) throw new Error(`it is ${a}, and not ${b}`);
}

const ada = client("sesame");
const bob = client("sesame");
const eve = client("open");

const cases: Record<string, () => Promise<void>> = {
  "who knows no token is not let in": async () => {
    const [error] = await next(eve, "connect_error");
    same(error instanceof Error && error.message, "who are you?");
  },
  "a room hears what is said in it, and who says it how many have": async () => {
    await ada.emitWithAck("join", "tea");
    await bob.emitWithAck("join", "tea");
    const heard = next(bob, "said");
    same(await ada.emitWithAck("say", "tea", "hello"), { heard: 1 });
    same(await heard, ["tea", "hello"]);
  },
};

for (const [name, carryOut] of Object.entries(cases)) {
  let wrong = "";
  try {
    await carryOut();
  } catch (e) {
    wrong = String(e);
  }
  console.log(JSON.stringify({ name, wrong }));
}
process.exit(0);
