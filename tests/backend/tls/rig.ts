/** A backend of the kind `tls` turn by turn, a front that hands raw connections over, and real clients. */

import assert from "node:assert/strict";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import {
  adopt,
  close,
  type Descriptor,
  EAGAIN,
  expect,
  libc,
  listenTcp,
  localAddress,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SOCK_CLOEXEC,
} from "../../../ffi/mod.ts";
import { type TlsEvent, TlsServer } from "../../../src/backend/tls/tls_server.ts";
import { type Tls, TLS_DEFAULTS, type TlsSite } from "../../../src/config/tls.ts";
import { SCOPE_RAW } from "../../../src/protocol/messages.ts";
import { decodeTls, type TlsState } from "../../../src/protocol/tls_field.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { ack } from "../../front/raw_channel.ts";
import { Rig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";

const { accept4, recv, send } = libc;

/** Where keys and certificates of a test file are. */
export const directory: string = await Deno.makeTempDir({ prefix: "fdpass-tls-" });
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
await makeCertificate(directory, "ca", { names: ["Test Authority"], authority: true });
await makeCertificate(directory, "one", { names: ["one.test", "*.wild.test"], by: "ca" });
await makeCertificate(directory, "two", { names: ["two.test"], by: "ca" });
await makeCertificate(directory, "rsa", { names: ["one.test"], kind: "rsa", by: "ca" });
await makeCertificate(directory, "client", { names: ["Some Client"], client: true, by: "ca" });
await makeCertificate(directory, "stranger", { names: ["A Stranger"], client: true });

/** The authority of all of them. */
export const authority: string = Deno.readTextFileSync(`${directory}/ca.pem`);

/** A site that shows certificates of these names. */
export function site(
  names: readonly string[],
  files: readonly string[],
  change: Partial<typeof TLS_DEFAULTS> = {},
): TlsSite {
  const certificates = files.map((file) => ({
    certificate: `${directory}/${file}.pem`,
    key: `${directory}/${file}.key`,
  }));
  return { names, tls: { certificates, settings: { ...TLS_DEFAULTS, ...change } } };
}

/** What handshakes go by: one listener. */
export function settings(sites: readonly TlsSite[], change: Partial<Tls["listeners"][number]> = {}): Tls {
  return {
    kind: "tls",
    timeout: TIMEOUT,
    listeners: [{ address: "here", strictNames: false, sites, ...change }],
  };
}

/** What clients begin with: connections come back when they do. */
export const ASKED = "asked\n";

/** Milliseconds that clients have. */
export const TIMEOUT = 5_000;

/** One connection that has come back. */
export interface Returned {
  readonly fd: Descriptor;
  readonly state: TlsState;
}

/** The rig: everything that it opens goes with it. */
export class TlsRig {
  readonly rig: Rig<TlsServer>;
  readonly events: TlsEvent[];
  readonly #listener = listenTcp("127.0.0.1", 0);
  readonly port: number = localAddress(this.#listener)!.port;
  front!: ScriptedFront;
  #taken = 0;
  readonly sockets: TLSSocket[] = [];

  constructor(made: Tls, ticketKeys: Uint8Array<ArrayBuffer> = new Uint8Array(80).fill(7)) {
    const events: TlsEvent[] = [];
    this.events = events;
    const report = (event: TlsEvent) => void events.push(event);
    this.rig = new Rig(new TlsServer({ settings: made, ticketKeys, report }));
  }

  /** A TLS client that connects and begins to ask, or says nothing. */
  connect(options: ConnectionOptions = {}, asks: string = ASKED): TLSSocket {
    const socket = connect({
      host: "127.0.0.1",
      port: this.port,
      ca: authority,
      servername: "one.test",
      ...options,
    });
    socket.on("error", () => {});
    this.sockets.push(socket);
    if (asks !== "") socket.write(asks);
    return socket;
  }

  /** Hands the next client over, as a front of TLS addresses does. */
  async handOver(): Promise<void> {
    const fd = await this.rig.until(() => {
      const accepted = settle(accept4(this.#listener, null, null, SOCK_CLOEXEC));
      return accepted === -EAGAIN ? undefined : adopt(expect(accepted, "Cannot accept"));
    }, "a client");
    this.front.handOff(fd, { detail: SCOPE_RAW, route: "here", path: "" });
    close(fd);
  }

  /** The next connection that comes back, acknowledged; what its client has begun with is read. */
  async returned(): Promise<Returned> {
    const { fd, transfer } = await this.rig.until(() => this.front.returned[this.#taken], "a RETURN");
    this.#taken++;
    this.front.channel.say(ack([transfer.id]));
    const state = decodeTls(transfer.tls!);
    if (typeof state === "string") throw new Error(state);
    assert.equal(await this.hear(fd), ASKED);
    return { fd, state };
  }

  /** Says something on a connection that came back. */
  say(fd: Descriptor, text: string): void {
    const bytes = new TextEncoder().encode(text);
    expect(settle(send(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL)), "Cannot send");
  }

  /** What comes on one: text, or the empty text at its end. */
  hear(fd: Descriptor): Promise<string> {
    const bytes = new Uint8Array(65_536);
    return this.rig.until(() => {
      const length = settle(recv(fd, bytes, 65_536n, MSG_DONTWAIT));
      return length === -EAGAIN
        ? undefined
        : { text: new TextDecoder().decode(bytes.subarray(0, expect(length, "Cannot receive"))) };
    }, "something from the client").then(({ text }) => text);
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.rig.close();
    close(this.#listener);
  }
}

/** A test with a rig that leaves no descriptor open. */
export function testTls(name: string, made: () => Tls, body: (rig: TlsRig) => Promise<void>): void {
  Deno.test(name, () =>
    withoutLeaks(async () => {
      const rig = new TlsRig(made());
      try {
        rig.front = await rig.rig.front();
        await body(rig);
      } finally {
        rig.close();
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }));
}

/** What a client has received. */
export interface Received {
  text: string;
  ended: boolean;
  error?: Error & { code?: string };
}

/** All that a client receives, up to its end. */
export function received(socket: TLSSocket): Received {
  const seen: Received = { text: "", ended: false };
  socket.setEncoding("utf8");
  socket.on("data", (text) => seen.text += text);
  socket.on("end", () => seen.ended = true);
  socket.on("error", (error) => seen.error = error);
  return seen;
}
