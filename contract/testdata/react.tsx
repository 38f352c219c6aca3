// Mounts what the page about clients has for React, under StrictMode and without it, and
// unmounts it. The window then has the results: of each case its name, and what was
// otherwise.
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { ChatClient, type Line } from "./chat.gen.js";
import { chat, Room } from "./chat.js";
import { useLines } from "./effect.js";

// ---- what is counted

/** All sockets that were made. */
const sockets: WebSocket[] = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.push(this);
  }
};

/** How often components have begun to listen to the client, and not ended it. */
const listening = { begun: 0, now: 0 };
for (const name of ["on", "onState"] as const) {
  const listen = chat[name].bind(chat) as (...args: unknown[]) => () => void;
  const counted = (...args: unknown[]) => {
    const off = listen(...args);
    let is = true;
    listening.begun++;
    listening.now++;
    return () => {
      if (is) listening.now--;
      is = false;
      off();
    };
  };
  Object.assign(chat, { [name]: counted });
}

// ---- what cases are written with

function same(is: unknown, want: unknown): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(want)];
  if (a !== b) throw new Error(`it is ${a}, and not ${b}`);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`in vain: ${what}`);
}

function mount(node: ReactNode) {
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  root.render(node);
  return { place, unmount: () => root.unmount() };
}

/** Somebody else. */
const bob = new ChatClient();
const says = (text: string) => bob.say({ author: "bob", text });

// ---- the cases

/** The component with the client that outlives it: each line is shown once. */
async function room(wrap: (node: ReactNode) => ReactNode, strict: boolean): Promise<void> {
  for (const round of ["first", "second"]) {
    const begun = listening.begun;
    const { place, unmount } = mount(wrap(<Room />));
    const lines = () => [...place.querySelectorAll("li")].map((item) => item.textContent);
    await until("it shows that it is open", () => place.querySelector("section")?.ariaBusy === "false");
    await says(round);
    await until("a line is shown", () => lines().length > 0);
    place.querySelector("button")?.click();
    await until("its own line is shown", () => lines().length > 1);
    await says("last");
    await until("the last line is shown", () => lines().includes("last"));
    same(lines(), [round, "hello", "last"]);
    same([listening.begun - begun, listening.now], [strict ? 4 : 2, 2]); // effects run twice
    unmount();
    await until("it listens no more", () => listening.now === 0);
    same(chat.state, "open");
  }
}

function Lines({ show }: { show: (line: Line) => void }) {
  useLines(location.origin, show);
  return null;
}

/** The client that an effect makes and closes: there is one, and then none. */
async function effect(wrap: (node: ReactNode) => ReactNode): Promise<void> {
  const others = sockets.length;
  const mine = () => sockets.slice(others).filter((socket) => socket.readyState < WebSocket.CLOSING).length;
  const heard: string[] = [];
  const show = (line: Line) => void heard.push(line.text);
  const { unmount } = mount(wrap(<Lines show={show} />));
  await until("it hears", async () => (await says("do you hear?")) > 0 && heard.length > 0);
  same(mine(), 1);
  await says("once");
  await says("last");
  await until("it hears the last line", () => heard.includes("last"));
  same(
    heard.filter((text) => text !== "do you hear?"),
    ["once", "last"],
  );
  unmount();
  await until("its client is closed", () => mine() === 0);
}

const strictly = (node: ReactNode) => <StrictMode>{node}</StrictMode>;
const plainly = (node: ReactNode) => node;

const cases: Record<string, () => Promise<void>> = {
  "a component that uses a client": () => room(plainly, false),
  "a component that uses a client, under StrictMode": () => room(strictly, true),
  "a component that has a client": () => effect(plainly),
  "a component that has a client, under StrictMode": () => effect(strictly),
};

const results: { name: string; wrong: string }[] = [];
for (const [name, carryOut] of Object.entries(cases)) {
  let wrong = "";
  try {
    await carryOut();
  } catch (e) {
    wrong = String(e);
  }
  results.push({ name, wrong });
}
Object.assign(window, { results });
