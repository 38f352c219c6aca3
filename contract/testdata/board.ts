// ==== What travels ====

/** NewPost is what somebody pins to the board. */
export interface NewPost {
  author: string;
  text: string;
  mood?: Mood;
}

/** Post is what hangs there. */
export interface Post {
  id: number;
  author: string;
  text: string;
  mood?: Mood;
  replies: Post[] | null;
}

/** Mood is how a post is meant. */
export type Mood = "calm" | "angry";

/** Question is what a client is asked. */
export interface Question {
  text: string;
}

/** Tally is what the server has seen of a board. */
export interface Tally {
  /** What was noted, in order. */
  noted: number[] | null;
  /** Items that streams have made. */
  made: number;
  /** Handlers whose caller did not wait for them. */
  canceled: number;
  /** Connections that have opened. */
  opened: number;
}

/** The codes of refusals, those of wsgen first. */
export type WsErrorCode =
  | "bad_frame"
  | "unknown_event"
  | "invalid_payload"
  | "validation_failed"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "rate_limited"
  | "timeout"
  | "canceled"
  | "too_large"
  | "unavailable"
  | "internal"
  | "torn";

// ==== What Server pushes and asks ====

export interface ServerPush {
  /** Posted announces a post. */
  posted: Post;
  /** Tick counts. */
  tick: number;
}

export interface ServerAsks {
  /** Confirm asks before something is torn down. */
  confirm: WsAsk<Question, boolean>;
}

// ==== board.Board at /boards/{board} ====

/** What board.Board takes, by event. */
export interface BoardSends {
  post: NewPost;
  echo: unknown;
  note: number;
  tally: undefined;
  hold: undefined;
  release: undefined;
  fail: { code: string };
  tick: { from: number; to: number };
  tear: Question;
  raw: { text: string };
  kick: { code: number; reason: string };
}

/** Board serves one board. */
export class BoardClient extends WsClient<ServerPush, ServerAsks, BoardSends> {
  constructor(path: { board: string }, options?: WsOptions) {
    super(`/boards/${encodeURIComponent(path.board) || "."}`, "k3v9q2m1xw7d", options);
  }

  /** Post pins a post, announces it, and answers it. */
  post(data: NewPost, options?: WsCallOptions): Promise<Post> {
    return this.call("post", data, options);
  }

  /** Echo answers what it gets. */
  echo(data: unknown, options?: WsCallOptions): Promise<unknown> {
    return this.call("echo", data, options);
  }

  /** Note remembers a number. */
  note(data: number, options?: WsCallOptions): Promise<void> {
    return this.call("note", data, options);
  }

  /** Tally answers what was seen. */
  tally(options?: WsCallOptions): Promise<Tally> {
    return this.call("tally", undefined, options);
  }

  /** Hold waits for Release. */
  hold(options?: WsCallOptions): Promise<void> {
    return this.call("hold", undefined, options);
  }

  /** Release lets go of whoever waits in Hold. */
  release(options?: WsCallOptions): Promise<void> {
    return this.call("release", undefined, options);
  }

  /** Fail refuses. */
  fail(data: { code: string }, options?: WsCallOptions): Promise<void> {
    return this.call("fail", data, options);
  }

  /** Tick pushes numbers to the board. */
  tick(data: { from: number; to: number }, options?: WsCallOptions): Promise<number> {
    return this.call("tick", data, options);
  }

  /** Tear asks the caller, and answers what it says. */
  tear(data: Question, options?: WsCallOptions): Promise<boolean> {
    return this.call("tear", data, options);
  }

  /** Raw sends the caller a text of its own. */
  raw(data: { text: string }, options?: WsCallOptions): Promise<void> {
    return this.call("raw", data, options);
  }

  /** Kick closes the caller's connection. */
  kick(data: { code: number; reason: string }, options?: WsCallOptions): Promise<void> {
    return this.call("kick", data, options);
  }

  /** Numbers streams the integers from 1 to that. */
  numbers(data: { to: number }, options?: WsCallOptions): AsyncGenerator<number, void> {
    return this.stream("numbers", data, options);
  }
}
