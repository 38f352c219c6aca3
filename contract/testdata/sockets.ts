// The classes that may take the place of a global WebSocket.
import { WebSocket as WsLibrary } from "ws";
import { WebSocket as Undici } from "undici";
import { BoardClient } from "./client.js";

export const clients = [WsLibrary, Undici].map((each) => new BoardClient({ board: "kitchen" }, { WebSocket: each }));
