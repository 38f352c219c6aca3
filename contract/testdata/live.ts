// A user's program in TypeScript, against the server of live.txtar. It writes a line of
// JSON for each case.
import { WebSocket } from "ws";
import { RoomClient, WsError, type Line, type RoomSends, type ServerPush } from "./live.gen.js";
import { RoomClient as OlderClient } from "./older.gen.js";

const url = process.argv[2] ?? "";
const line: Line = { text: "hello", at: "2026-01-02T03:04:05Z", seen: null, "odd name": "AQI=" };

function same(is: unknown, want: unknown): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(want)];
  if (a !== b) throw new Error(`it is ${a}, and not ${b}`);
}

const late = () => new Promise<void>((_, reject) => setTimeout(reject, 10_000, new Error("it does not end")).unref());

async function refused(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (e) {
    if (e instanceof WsError) return e.code;
    throw e;
  }
  return "";
}

const cases: Record<string, (room: RoomClient) => Promise<void>> = {
  "a call has its answer, and the room its push": async (room) => {
    const pushed = room.once("said");
    const answer: Line = await room.say(line);
    const said = { ...line, seen: { "-2": "a b/ü%/c", "1": "the/room ?#" } };
    same(answer.reply, { text: "hello", at: line.at, seen: said.seen, "odd name": "AQI=" });
    const got: ServerPush["said"] = await pushed;
    same(got.seen?.[1], "the/room ?#");
    same(got.mood, undefined);
  },
  "a refusal has the program's code": async (room) => {
    same(await refused(room.say({ ...line, mood: "angry" })), "banned");
  },
  "a stream ends, and is ended": async (room) => {
    const all: [number, number][] = [];
    for await (const each of room.countUp({ from: 2, to: 4 })) all.push(each);
    same(all, [[2, 4], [3, 9], [4, 16]]); // prettier-ignore
    let last = 0;
    for await (const [n] of room.countUp({ from: 1 })) if ((last = n) === 500) break;
    same(last, 500);
  },
  "an event without data, with an answer and without": async (room) => {
    same((await room.typing()) ?? "nothing", "nothing");
    const event: keyof RoomSends = "typing";
    same(room.send(event, undefined), true);
    same(await room.typed(), 2);
  },
  "null is data and an answer, and a method may be called close": async (room) => {
    same(await room.close_(null), null);
    same((await room.close_(line))?.text, "hello");
  },
  "questions are answered": async (room) => {
    room.handle("sure", (asked) => asked.text === "it");
    room.handle("names", async () => ["ann", "eve"]);
    const torn = room.once("torn");
    let done = 0;
    room.handle("done", (data) => {
      same(data, null);
      done++;
    });
    same(await room.tear({ what: "it" }), "true [ann eve]");
    same(await torn, null);
    same(done, 1);
  },
  "the contracts are one": async (room) => {
    same(await new Promise((resolve) => room.onOpen(({ skew }) => resolve(skew))), false);
  },
  "the contract of an older client is another": async () => {
    const room = new OlderClient({ room: "r", file: "f" }, { url, WebSocket });
    try {
      same(await new Promise((resolve) => room.onOpen(({ skew }) => resolve(skew))), true);
      same((await room.say({ ...line, older: true })).reply?.text, "hello");
    } finally {
      room.close();
    }
  },
  "a part of a path cannot lead elsewhere": async () => {
    for (const room of [".", ".."]) {
      try {
        new RoomClient({ room, file: "x" }, { url, WebSocket, lazy: true });
      } catch (e) {
        if (e instanceof RangeError) continue;
      }
      throw new Error(`${room} is taken`);
    }
  },
};

for (const [name, run] of Object.entries(cases)) {
  const room = new RoomClient({ room: "the/room ?#", file: "a b/ü%/c" }, { url, WebSocket });
  let wrong = "";
  try {
    await Promise.race([run(room), late()]);
  } catch (e) {
    wrong = String(e instanceof Error ? e.stack : e);
  }
  room.close();
  console.log(JSON.stringify({ name, wrong }));
}
