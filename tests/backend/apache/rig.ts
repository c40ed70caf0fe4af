/** A backend that receives from Apache, and an Apache that sends what it is told to, on the test's own thread. */

import assert from "node:assert/strict";
import {
  adopt,
  close,
  connectTcp,
  connectUnix,
  type Descriptor,
  EAGAIN,
  encodeUnixAddress,
  expect,
  libc,
  listenTcp,
  localAddress,
  setNonblocking,
  settle,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  unixSocket,
} from "../../../ffi/mod.ts";
import type { BackendOptions } from "../../../src/backend/backend.ts";
import type { ConnectionServer } from "../../../src/backend/connection/connection_server.ts";
import { drink, pour } from "../../front/clients.ts";
import { sayWith } from "../../front/raw_channel.ts";
import { Recorder, Rig, withRig } from "../rig.ts";

/** A client of Apache's, and the socket that Apache has for it. */
export interface Pair {
  /** The client's end. Closed by whoever made it. */
  readonly client: Descriptor;
  readonly clientPort: number;
  /** Apache's end, in the mode in which it has its sockets. */
  readonly accepted: Descriptor;
  readonly port: number;
}

/** Connects to the backend's path, and says nothing yet. */
export function connectAsApache(path: string): Descriptor {
  const fd = unixSocket(SOCK_STREAM);
  expect(connectUnix(fd, encodeUnixAddress(path)), "Cannot connect");
  return fd;
}

/** A rig whose backend speaks Apache's protocol. */
export class ApacheRig<S extends ConnectionServer> extends Rig<S> {
  readonly #pairs: Pair[] = [];

  constructor(server: S, options: Partial<BackendOptions> = {}) {
    super(server, { apache: true, ...options });
  }

  /** A client that has sent this, and what Apache has accepted. */
  pair(sent = ""): Pair {
    const listener = listenTcp("127.0.0.1", 0);
    const { port } = localAddress(listener)!;
    const client = connectTcp("127.0.0.1", port);
    const accepted = adopt(expect(settle(libc.accept4(listener, null, null, SOCK_CLOEXEC)), "Cannot accept"));
    close(listener);
    setNonblocking(accepted, true);
    const pair = { client, clientPort: localAddress(client)!.port, accepted, port };
    this.#pairs.push(pair);
    if (sent !== "") pour(client, sent);
    return pair;
  }

  /** Hands a new client over, as Apache does; the client's end stays open until the rig's end. */
  give(sent = ""): Pair {
    const pair = this.pair(sent);
    const apache = connectAsApache(this.path);
    assert.equal(sayWith(apache, new Uint8Array(1), [pair.accepted]), 1);
    close(apache);
    this.letGo(pair);
    return pair;
  }

  /** Closes Apache's copy. */
  letGo({ accepted }: Pair): void {
    close(accepted);
    const index = this.#pairs.findIndex((pair) => pair.accepted === accepted);
    this.#pairs[index] = { ...this.#pairs[index]!, accepted: -1 as Descriptor };
  }

  /** Turns until a client's connection has ended; all that came, and how it ended. */
  async end({ client }: Pair): Promise<{ text: string; ended: "end" | "reset" }> {
    let text = "";
    const ended = await this.until(() => {
      const drunk = drink(client);
      text += drunk.text;
      return drunk.ended;
    }, "the end of a connection");
    return { text, ended };
  }

  /** Closes a client's end. */
  closeClient(pair: Pair): void {
    close(pair.client);
    const index = this.#pairs.findIndex(({ client }) => client === pair.client);
    this.#pairs.splice(index, 1);
  }

  /** The same so that the other end is reset: SO_LINGER of no time. */
  resetClient(pair: Pair): void {
    const SO_LINGER = 13;
    settle(libc.setsockopt(pair.client, 1, SO_LINGER, new Int32Array([1, 0]), 8));
    this.closeClient(pair);
  }

  override close(): void {
    for (const { client, accepted } of this.#pairs) {
      close(client);
      if (accepted >= 0) close(accepted);
    }
    super.close();
  }
}

/** Whether the other end has closed a connection of Apache's. */
export function isClosed(fd: Descriptor): boolean {
  const length = settle(libc.recv(fd, new Uint8Array(1), 1n, 0x40));
  return length !== -EAGAIN;
}

/** A test of a backend that serves nothing by itself. */
export function test(
  name: string,
  body: (rig: ApacheRig<Recorder>) => Promise<void>,
  options: Partial<BackendOptions> = {},
): void {
  Deno.test(
    name,
    () => withRig(() => new ApacheRig(new Recorder(), options), (rig) => body(rig as ApacheRig<Recorder>)),
  );
}

/** A test with a server of its own. */
export function testServer<S extends ConnectionServer>(
  name: string,
  make: () => S,
  body: (rig: ApacheRig<S>) => Promise<void>,
): void {
  Deno.test(name, () => withRig(() => new ApacheRig(make()), (rig) => body(rig as ApacheRig<S>)));
}
