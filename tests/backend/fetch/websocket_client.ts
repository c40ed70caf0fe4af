/** A handler that takes WebSockets and notes what happens to them, and a client that speaks frame by frame. */

import { upgradeWebSocket } from "../../../src/backend/fetch/deno_websocket.ts";
import type { FetchHandler, WebSocketOptions, WebSocketUpgrade } from "../../../src/backend/fetch/handler.ts";
import type { Client } from "../../front/clients.ts";
import type { HttpRig } from "../rig.ts";
import { framesIn } from "./frames.ts";

const FIELDS: Readonly<Record<string, string>> = {
  Host: "a.test",
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A handshake; a field that is undefined is left out. */
export function handshake(
  change: Readonly<Record<string, string | undefined>> = {},
  line = "GET /chat HTTP/1.1",
): string {
  const fields = Object.entries({ ...FIELDS, ...change }).filter(([, value]) => value !== undefined);
  return `${line}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** What has happened to the sockets of the handler, in order. */
export let events: string[] = [];
export let socket: WebSocket;

/** Forgets what was, and takes note of a new socket. */
export function begin(upgrade: WebSocketUpgrade): WebSocketUpgrade {
  events = [];
  socket = upgrade.socket;
  return upgrade;
}

export function serving(options?: WebSocketOptions): FetchHandler {
  return (request) => {
    const upgrade = begin(upgradeWebSocket(request, options));
    events.push(`state ${socket.readyState}`);
    socket.onopen = () => events.push(`open ${socket.readyState}`);
    socket.onmessage = ({ data }) => events.push(`message ${typeof data} ${data}`);
    socket.onerror = (event) => events.push(`error ${(event as ErrorEvent).message}`);
    socket.onclose = ({ code, reason, wasClean }) => {
      events.push(`close ${code} ${reason} ${wasClean} ${socket.readyState}`);
    };
    return upgrade.response;
  };
}

export async function opened({ rig, give }: HttpRig, change = {}): Promise<Client> {
  const client = give(handshake(change));
  await rig.until(() => client.received.includes("\r\n\r\n") && events.length > 1, "the handshake");
  return client;
}

/** Waits for frames, and takes those of this kind. */
export async function frames({ rig }: HttpRig, client: Client, opcode: number, count = 1): Promise<string[]> {
  const found = () => framesIn(client.received).filter((frame) => frame.opcode === opcode);
  await rig.until(() => found().length >= count, `${count} frames of kind ${opcode}`);
  return found().map(({ code, text }) => code === undefined ? text : `${code} ${text}`);
}

/** Waits until the server has ended its side, which it does first (RFC 6455, 7.1.1), and ends the client's. */
export async function ending({ rig }: HttpRig, client: Client): Promise<void> {
  await rig.until(() => client.ended !== false, "the end of the connection");
  client.close();
}

export async function closed({ rig }: HttpRig): Promise<void> {
  await rig.until(() => rig.backend.active === 0 && events.at(-1)!.startsWith("close"), "the end");
}
