/** Clients of TLS whose bytes do not all arrive, or not all as they were sent. */

import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { NAME, type SecureSite } from "./site.ts";

/** What becomes of a client's bytes. */
export interface Narrowness {
  /** So many of them arrive, and then the connection breaks off: by FIN where the number is even, else by a reset. */
  readonly most?: number;
  /** They arrive one by one, each in a segment of its own. */
  readonly single?: boolean;
  /** The number of one that arrives as another one. */
  readonly flip?: number;
}

/** A TCP connection on which a client's bytes arrive as told. */
class Narrow extends Duplex {
  /** Bytes of the client so far, and of those before the server's first ones. */
  sent = 0;
  first = 0;
  readonly records: number[] = [];

  constructor(readonly socket: Socket, readonly narrowness: Narrowness) {
    super();
    socket.setNoDelay(true);
    socket.on("data", (data) => {
      this.first ||= this.sent;
      this.push(data);
    });
    socket.on("end", () => this.push(null)).on("error", () => this.destroy()).on(
      "close",
      () => this.destroy(),
    );
  }

  override _read(): void {}

  override _write(data: Uint8Array, _encoding: string, done: () => void): void {
    const { most = Infinity, single, flip = -1 } = this.narrowness;
    const part = data.slice(0, Math.max(0, most - this.sent));
    const at = flip - this.sent;
    if (at >= 0 && at < part.length) part[at]! ^= 1;
    this.sent += data.length;
    this.records.push(...data);
    const pieces = single ? [...part].map((byte) => Uint8Array.of(byte)) : [part];
    for (const piece of pieces) if (piece.length > 0) this.socket.write(piece);
    if (this.sent >= most) {
      if (most % 2 === 0) this.socket.end(() => this.socket.destroy());
      else this.socket.resetAndDestroy();
    }
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}

/** What a client's connection was made of. */
const ways = new WeakMap<TLSSocket, Narrow>();

/** A client of one version of TLS whose bytes arrive as told. */
export function narrow(site: SecureSite, version: "TLSv1.2" | "TLSv1.3", narrowness: Narrowness): TLSSocket {
  const socket = connectTcp(site.port, "127.0.0.1");
  socket.on("error", () => {});
  const way = new Narrow(socket, narrowness);
  const client = connect({
    socket: way,
    servername: NAME,
    ca: Deno.readTextFileSync(site.authority),
    minVersion: version,
    maxVersion: version,
  });
  client.on("error", () => {});
  ways.set(client, way);
  return client;
}

/** Waits for a client's end, which comes at the latest with that of its handshake; whether it has got that far. */
export function over(client: TLSSocket): Promise<boolean> {
  let secure = false;
  return new Promise((resolve) => {
    client.on("close", () => resolve(secure)).on("secureConnect", () => {
      secure = true;
      client.destroy();
    });
  });
}

const CHANGE_CIPHER_SPEC = 20;

/** How many bytes a client sends up to the end of its handshake, and how many of them before the server's first. */
export async function lengths(
  site: SecureSite,
  version: "TLSv1.2" | "TLSv1.3",
): Promise<{ readonly first: number; readonly all: number }> {
  const client = narrow(site, version, {});
  await once(client, "secureConnect");
  client.write(`GET /files/a.txt HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
  await once(client, "data");
  client.destroy();
  const { first, records } = ways.get(client)!;
  // Behind the change of ciphers there is one more record: Finished.
  for (let at = 0, last = false;;) {
    const end = at + 5 + (records[at + 3]! << 8 | records[at + 4]!);
    if (last) return { first, all: end };
    last = records[at] === CHANGE_CIPHER_SPEC;
    at = end;
  }
}
