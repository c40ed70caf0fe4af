/**
 * A chat room in two ways: with the WebSocket that every handler has, and with one of `ws`, the library for Node, on the
 * connection itself.
 *
 * fdpass backend --socket /tmp/x.sock --fetch app.ts
 *
 * with "ws": "npm:ws@8.23.0" among the imports of deno.json.
 */
import { type RawData, type WebSocket as NodeWebSocket, WebSocketServer } from "ws";
import type { RequestInfo } from "../../mod.ts";

/** Everybody who is in the room, whichever way they came. */
const room = new Set<{ send(text: string): void }>();

function say(text: string): void {
  for (const guest of room) guest.send(text);
}

/** As in `deno serve`. */
function enter(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => room.add(socket);
  socket.onmessage = ({ data }) => say(data);
  socket.onclose = () => room.delete(socket);
  return response;
}

const server = new WebSocketServer({ noServer: true });

/** As with a server of node:http. */
function enterByLibrary(info: RequestInfo): Response {
  const { request, socket, head, response } = info.upgrade();
  server.handleUpgrade(request, socket, head, (guest: NodeWebSocket) => {
    room.add(guest);
    guest.on("message", (data: RawData) => say(data.toString()));
    guest.on("close", () => room.delete(guest));
  });
  return response;
}

export default {
  fetch(request: Request, info: RequestInfo): Response {
    if (request.headers.get("upgrade") !== "websocket") return new Response(`${room.size} in the room\n`);
    return new URL(request.url).pathname === "/library" ? enterByLibrary(info) : enter(request);
  },
};
