/** What tests of hand-offs in Apache's protocol have in common. */

import { type Descriptor, libc } from "../../../../ffi/mod.ts";
import { type Client, drink, pour } from "../../clients.ts";
import type { PlainReceiver } from "../../plain_receiver.ts";
import type { Rig } from "../../rig.ts";

export const RESPONSE_HEAD =
  /^HTTP\/1\.1 200 OK\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nServer: fdpass\r\nConnection: close\r\n\r\n$/;
export const FLUSH = { backends: [{ name: "a", flusher: "flush" as const }] };

/** Waits for a hand-off. */
export function taken(rig: Rig, receiver: PlainReceiver): Descriptor {
  return rig.until(() => receiver.take(), "a hand-off");
}

/** Waits until a client has heard something; all of it. */
export function heard(rig: Rig, client: Client): string {
  return rig.until(() => client.received || undefined, "the client to hear something");
}

/** Waits until there is something in a socket. */
export function drunk(rig: Rig, fd: Descriptor): string {
  return rig.until(() => drink(fd).text || undefined, "something in the socket");
}

/** Answers on a connection and ends it, for everybody who has it. */
export function answer(fd: Descriptor, text: string): void {
  pour(fd, text);
  libc.shutdown(fd, 1);
}
