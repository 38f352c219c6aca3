// The program that the page about NestJS has for comparison, and those who use it. Writes
// a line of JSON for each case: its name, and what was otherwise.
import "reflect-metadata";
import { Module, UseGuards, UsePipes, ValidationPipe, type CanActivate, type ExecutionContext } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { IoAdapter } from "@nestjs/platform-socket.io";
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
  type OnGatewayConnection,
} from "@nestjs/websockets";
import { IsString, MaxLength } from "class-validator";
import { Server, Socket } from "socket.io";
import { io as connect, type Socket as Client } from "socket.io-client";

class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getClient<Socket>().handshake.auth.token === "sesame";
  }
}

/* the program */

@Module({ providers: [ChatGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
await app.listen(0, "127.0.0.1");
const url = await app.getUrl();

function client(token: string): Client {
  return connect(url, { path: "/chat", auth: { token }, transports: ["websocket"], reconnection: false, forceNew: true });
}

/** The first argument of the next event. */
const next = (of: Client, event: string) => new Promise<any>((resolve) => of.once(event, resolve));

function same(is: unknown, want: unknown): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(want)];
  if (a !== b) throw new Error(`it is ${a}, and not ${b}`);
}

const ada = client("sesame");
const bob = client("sesame");
const eve = client("open");
await Promise.all([ada, bob, eve].map((each) => next(each, "connect")));

const cases: Record<string, () => Promise<void>> = {
  "the others hear what is said, and who says it how long it is": async () => {
    const heard = next(bob, "said");
    same(await ada.emitWithAck("say", { text: "hello" }), 5);
    same(await heard, { text: "hello" });
  },
  "a guard is asked about messages: who knows no token is connected": async () => {
    const refused = next(eve, "exception");
    eve.emit("say", { text: "hello" });
    const { status, cause } = await refused;
    same([eve.connected, status, cause], [true, "error", { pattern: "say", data: { text: "hello" } }]);
  },
  "what a pipe refuses is an event": async () => {
    const refused = next(ada, "exception");
    ada.emit("say", { text: "x".repeat(201) });
    same((await refused)[0].property, "text");
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
