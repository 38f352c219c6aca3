// How a user writes, and what the compiler refuses: each line behind @ts-expect-error
// has to be wrong, under every version and setting of check_test.go.
import { BoardClient, WsError, type Post, type ServerPush, type WsHistory, type WsOpened, type WsState } from "./client.js";

const board = new BoardClient({ board: "kitchen" }, { url: "wss://board.example", token: async () => "ann" });

export async function right(signal: AbortSignal): Promise<void> {
  board.on("posted", (post) => post.replies?.map((reply: Post) => reply.id.toFixed()));
  board.on("tick", (n) => n.toFixed(), { signal });
  board.onState((state: WsState, cause) => void (state === "waiting" && cause?.retryInMs?.toFixed()));
  board.onOpen(async ({ resumed, why, skew }: WsOpened) => {
    if (!resumed || why === "gap" || skew) for await (const n of board.numbers({ to: 3 })) n.toFixed();
  });
  board.onError((error: WsError) => error.details.map((detail) => detail.path));
  board.onShed((pushes) => pushes.toFixed());
  board.onRecovered(({ log, at }) => void (log.length + at.length));
  board.onLost((history: WsHistory) => history.log.length);
  board.handle("confirm", (question) => question.text === "sure?");
  board.handle("confirm", async (_, { signal }) => !signal.aborted);
  const post: Post = await board.post({ author: "ann", text: "milk", mood: "calm" }, { signal, timeoutMs: 1000 });
  const next: number = await board.once("tick", { signal });
  for await (const each of board.events("posted", { buffer: post.id + next })) each satisfies ServerPush["posted"];
  const taken: boolean = board.send("note", 7) && board.send("hold", undefined);
  try {
    await board.fail({ code: "torn" }, { meta: { traceparent: String(taken) } });
  } catch (e) {
    if (e instanceof WsError && (e.code === "torn" || e.code === "closed")) e.retryAfterMs?.toFixed();
  }
  await board.ready();
  await board.refresh();
  board.close(1000, "done");
}

export async function wrong(): Promise<void> {
  // @ts-expect-error a missing member
  await board.post({ author: "ann" });
  // @ts-expect-error one too many
  await board.post({ author: "ann", text: "milk", color: "red" });
  // @ts-expect-error undefined for an absent one
  await board.post({ author: "ann", text: "milk", mood: undefined });
  // @ts-expect-error another value of an enum
  await board.post({ author: "ann", text: "milk", mood: "sad" });
  // @ts-expect-error another answer
  const text: string = await board.tick({ from: 1, to: 2 });
  // @ts-expect-error an ack has no value
  const nothing: number = await board.note(1);
  // @ts-expect-error an item is a number
  for await (const item of board.numbers({ to: 3 })) item.length;
  // @ts-expect-error null is not looked at
  board.on("posted", (post) => post.replies.length);
  // @ts-expect-error another event
  board.on("pasted", () => {});
  // @ts-expect-error other data
  board.on("tick", (n: string) => n);
  // @ts-expect-error another answer to a question
  board.handle("confirm", () => "yes");
  // @ts-expect-error another question
  board.handle("sure", () => true);
  // @ts-expect-error a stream needs an answer
  board.send("numbers", { to: 3 });
  // @ts-expect-error other data
  board.send("note", "7");
  // @ts-expect-error a value of the path
  new BoardClient({});
  // @ts-expect-error an option that there is not
  new BoardClient({ board: "kitchen" }, { tokens: "ann" });
  // @ts-expect-error a state that there is not
  if (board.state === "connected") board.close();
  void [text, nothing];
}
