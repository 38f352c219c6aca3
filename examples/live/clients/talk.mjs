// Talks in the live demo from a terminal, by the client that wsgen writes of its chat, live.gen.mjs:
//
//	node examples/live/clients/talk.mjs [url] [name]
//
// It prints what is said, and says what it reads. Node 22 has WebSocket; Node 20 has it behind the flag
// --experimental-websocket.
import { createInterface } from "node:readline";
import { ChatClient, WsError } from "./live.gen.mjs";

const [url = "http://127.0.0.1:3004", author = "Node"] = process.argv.slice(2);
const chat = new ChatClient({ url });

const print = (message) => console.log(`${message.author}: ${message.text}`);
chat.on("message", print);

chat.onState((state, cause) => {
  if (cause?.code !== 1000) console.error(`${state} ${cause?.reason ?? ""}`.trim());
});

// A session that goes on has missed nothing. In a new one the history tells what was said before.
chat.onOpen(({ resumed }) => {
  if (!resumed) begin().catch((error) => console.error(`no history: ${error.message}`));
});

async function begin() {
  await chat.hello({ name: author });
  for await (const page of chat.historyPages({ size: 50 })) page?.forEach(print);
}

for await (const text of createInterface({ input: process.stdin })) {
  try {
    await chat.message({ author, text });
  } catch (error) {
    if (!(error instanceof WsError)) throw error;
    console.error(`not said: ${error.message} (${error.code})`);
  }
}
chat.close();
