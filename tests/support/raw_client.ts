/** An HTTP client that sends exactly the bytes it is told to and shows exactly what comes back. Every read ends. */

import assert from "node:assert/strict";
import { PATIENCE, within } from "./waiting.ts";

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** Bytes of a text, or the bytes themselves. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Puts byte strings together. */
export function join(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.map(bytesOf);
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** Bytes that look random and are the same in every run (xorshift32). @param seed not 0 */
export function seededBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** A SHA-256 in hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** A response as it came. */
export interface RawResponse {
  readonly status: number;
  readonly head: string;
  /** Names in lower case; of a name that occurs twice both values, joined by commas. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

/** A connection to a front. Closed at the end of its block. */
export class RawClient {
  /** What has come and was not taken yet: `bytes[start, end)`. */
  #store = new Uint8Array(65_536);
  #start = 0;
  #finish = 0;
  #ended = false;
  #closed = false;

  private constructor(readonly connection: Deno.TcpConn) {}

  /** Connects to a port of this host. */
  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    return new RawClient(await within(Deno.connect({ port, hostname }), "a connection"));
  }

  /** Its own address, which the server should see. */
  get address(): Deno.NetAddr {
    return this.connection.localAddr as Deno.NetAddr;
  }

  /** Sends all of it. */
  async write(data: string | Uint8Array, milliseconds = PATIENCE): Promise<void> {
    let rest = bytesOf(data);
    while (rest.length > 0) {
      const sent = await this.#bounded(this.connection.write(rest), "the server to read", milliseconds);
      rest = rest.subarray(sent);
    }
  }

  /** Sends until all of it is sent or the server has reset the connection; false if it just takes no more. */
  async writeUntilEnded(data: Uint8Array, milliseconds = PATIENCE): Promise<boolean> {
    const writing = (async () => {
      for (let sent = 0; sent < data.length;) sent += await this.connection.write(data.subarray(sent));
    })();
    // A reset is an end too.
    return await within(writing.then(() => true, () => true), "room", milliseconds).catch(() => false);
  }

  /** Ends this side; what the server sends can still be read. */
  async end(): Promise<void> {
    await this.connection.closeWrite();
  }

  async #bounded<T>(promise: Promise<T>, what: string, milliseconds: number): Promise<T> {
    try {
      return await within(promise, what, milliseconds);
    } catch (error) {
      // A read that is still pending would keep the test from ending.
      this.close();
      promise.catch(() => {});
      throw error;
    }
  }

  /** Reads something into the buffer; false at the end. */
  async #more(what: string, milliseconds: number): Promise<boolean> {
    if (this.#ended) return false;
    this.#makeRoom();
    const room = this.#store.subarray(this.#finish);
    const length = await this.#bounded(this.connection.read(room), what, milliseconds);
    if (length === null) {
      this.#ended = true;
      return false;
    }
    this.#finish += length;
    return true;
  }

  #makeRoom(): void {
    if (this.#store.length - this.#finish >= 65_536) return;
    const unread = this.#buffer;
    const store = new Uint8Array(2 * unread.length + 131_072);
    store.set(unread);
    this.#store = store;
    this.#start = 0;
    this.#finish = unread.length;
  }

  get #buffer(): Uint8Array<ArrayBuffer> {
    return this.#store.subarray(this.#start, this.#finish);
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer.slice(0, length);
    this.#start += length;
    return taken;
  }

  /** Reads exactly so many bytes. */
  async bytes(length: number, milliseconds = PATIENCE): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#buffer.length < length) {
      if (!await this.#more(`${length} bytes`, milliseconds)) {
        assert.fail(`The connection ended after ${this.#buffer.length} of ${length} bytes`);
      }
    }
    return this.#take(length);
  }

  /** Reads up to and with a mark. */
  async through(mark: string, milliseconds = PATIENCE): Promise<string> {
    for (;;) {
      const at = latin1.decode(this.#buffer).indexOf(mark);
      if (at >= 0) return latin1.decode(this.#take(at + mark.length));
      if (!await this.#more(JSON.stringify(mark), milliseconds)) {
        assert.fail(`The connection ended without ${JSON.stringify(mark)}: ${latin1.decode(this.#buffer)}`);
      }
    }
  }

  /** Reads to the end of the connection. A reset is an error. */
  async rest(milliseconds = PATIENCE): Promise<Uint8Array<ArrayBuffer>> {
    while (await this.#more("the end of the connection", milliseconds));
    return this.#take(this.#buffer.length);
  }

  /** Asserts that the server ends the connection in good order without another byte. */
  async assertEnded(milliseconds = PATIENCE): Promise<void> {
    const rest = await this.rest(milliseconds);
    assert.equal(latin1.decode(rest), "", "more than the answer has come");
  }

  /** Asserts that the connection is open and nothing more has come within a moment. */
  async assertQuiet(milliseconds = 100): Promise<void> {
    const bytes = new Uint8Array(1);
    const read = this.connection.read(bytes);
    let came: number | null | undefined;
    await within(read, "silence", milliseconds).then((length) => came = length, () => {});
    assert.equal(came, undefined, "the server has sent something, or ended the connection");
    // The read is still there: the next byte would be its.
    this.close();
    await read.catch(() => {});
  }

  /**
   * Reads one response.
   *
   * @param method of the request: what answers a HEAD has no content
   */
  async response(method = "GET", milliseconds = PATIENCE): Promise<RawResponse> {
    const head = await this.through("\r\n\r\n", milliseconds);
    const [line, ...rows] = head.slice(0, -4).split("\r\n");
    const match = /^HTTP\/1\.1 (\d{3}) .*$/.exec(line!);
    assert.ok(match, `Not a status line: ${line}`);
    const status = Number(match[1]);
    const fields = new Map<string, string>();
    for (const row of rows) {
      const at = row.indexOf(":");
      const name = row.slice(0, at).toLowerCase();
      const value = row.slice(at + 1).trim();
      fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
    }
    const body = await this.#content(method, status, fields, milliseconds);
    return { status, head, fields, body, text: new TextDecoder().decode(body) };
  }

  async #content(
    method: string,
    status: number,
    fields: ReadonlyMap<string, string>,
    milliseconds: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) return new Uint8Array(0);
    if (fields.get("transfer-encoding") === "chunked") {
      const pieces: Uint8Array[] = [];
      for (;;) {
        const piece = await this.chunk(milliseconds);
        if (piece.length === 0) return join(...pieces);
        pieces.push(piece);
      }
    }
    const length = fields.get("content-length");
    return length === undefined
      ? await this.rest(milliseconds)
      : await this.bytes(Number(length), milliseconds);
  }

  /** Reads one chunk; an empty one is the last, read with its end. */
  async chunk(milliseconds = PATIENCE): Promise<Uint8Array<ArrayBuffer>> {
    const size = parseInt(await this.through("\r\n", milliseconds), 16);
    const piece = await this.bytes(size, milliseconds);
    assert.equal(latin1.decode(await this.bytes(2, milliseconds)), "\r\n", "a chunk ends with CRLF");
    return piece;
  }

  /** Sends a GET and reads the response. */
  async get(path: string, host = "test", milliseconds = PATIENCE): Promise<RawResponse> {
    await this.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return await this.response("GET", milliseconds);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** One GET on a connection of its own. */
export async function get(port: number, path: string, host = "test"): Promise<RawResponse> {
  using client = await RawClient.connect(port);
  await client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return await client.response();
}
