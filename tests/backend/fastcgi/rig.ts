/** A FastCGI backend between scripted clients and a scripted application, turn by turn. */

import type { FastCgiEvent, FastCgiOptions } from "../../../src/backend/fastcgi/fastcgi_handler.ts";
import { FastCgiRequestHandler } from "../../../src/backend/fastcgi/fastcgi_handler.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import type { Client } from "../../front/clients.ts";
import { type Peer, ScriptedUpstream } from "../relay/scripted_upstream.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";

const BEGIN_REQUEST = 1;
const END_REQUEST = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;
const STDERR = 7;

function record(type: number, content: string): Uint8Array<ArrayBuffer> {
  const { length } = content;
  return Uint8Array.from([
    ...[1, type, 0, 1, length >> 8, length & 0xff, 0, 0],
    ...Array.from(content, (character) => character.charCodeAt(0)),
  ]);
}

/** What an application writes: a piece of its output, or of its standard error, and the end of a request. */
export const out = (text: string): Uint8Array<ArrayBuffer> => record(STDOUT, text);
export const err = (text: string): Uint8Array<ArrayBuffer> => record(STDERR, text);
export const over = (status = 0): Uint8Array<ArrayBuffer> =>
  record(END_REQUEST, `\0\0\0\0${String.fromCharCode(status)}\0\0\0`);

/** The whole of a response. */
export function response(content: string, fields = ""): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...out(`Content-Type: text/plain\r\n${fields}\r\n${content}`), ...over()]);
}

/** What an application has been sent of one request. */
export interface Asked {
  readonly params: string;
  readonly stdin: string;
  /** The content has come to its end. */
  readonly whole: boolean;
}

/** Reads records as an application gets them, the last request's. */
export function asked(received: string): Asked {
  let [params, stdin, whole] = ["", "", false];
  for (let at = 0; at + 8 <= received.length;) {
    const type = received.charCodeAt(at + 1);
    const length = received.charCodeAt(at + 4) << 8 | received.charCodeAt(at + 5);
    const content = received.slice(at + 8, at + 8 + length);
    if (type === BEGIN_REQUEST) [params, stdin, whole] = ["", "", false];
    else if (type === PARAMS) params += content;
    else if (type === STDIN) {
      stdin += content;
      whole = length === 0;
    }
    at += 8 + length;
  }
  return { params, stdin, whole };
}

/** A backend, its application, and what it says to people. */
export class FastCgiRig {
  readonly events: FastCgiEvent[] = [];
  /** What a request ended with that had been answered already. */
  readonly errors: unknown[] = [];

  constructor(
    readonly rig: Rig<HttpServer>,
    readonly front: ScriptedFront,
    readonly application: ScriptedUpstream,
  ) {}

  /** Hands over a client that has sent this. */
  give(text: string): Client {
    return this.front.give(text);
  }

  /** Waits until the application has been sent all of a request. @param index which connection */
  async request(index = 0): Promise<Peer> {
    return await this.begun(index, ({ whole }) => whole);
  }

  /** Waits until it has been sent so much of it. */
  async begun(index: number, enough: (request: Asked) => boolean): Promise<Peer> {
    return await this.rig.until(() => {
      const peer = this.application.accept()[index];
      return peer !== undefined && enough(asked(peer.received)) && peer;
    }, `a request on connection ${index} of the application`);
  }

  /** Waits until a client has got a text; all that it has got. */
  async gets(client: Client, text: string): Promise<string> {
    return await this.rig.until(
      () => client.received.includes(text) && client.received,
      `${JSON.stringify(text)} at the client, which has ${JSON.stringify(client.received.slice(0, 500))}`,
    );
  }
}

/** A test of a FastCGI backend, which leaves no descriptor open. */
export function testFastCgi(
  name: string,
  body: (it: FastCgiRig) => Promise<void>,
  options: Partial<FastCgiOptions> = {},
): void {
  Deno.test(name, () => {
    let it: FastCgiRig | undefined;
    const made: { application?: ScriptedUpstream; handler?: FastCgiRequestHandler } = {};
    const make = () => {
      const { port } = made.application = new ScriptedUpstream();
      made.handler = new FastCgiRequestHandler({
        upstream: { at: { host: "127.0.0.1", port } },
        root: "/srv",
        software: "fdpass",
        report: (event) => it?.events.push(event),
        ...options,
      });
      const server = new HttpServer(made.handler, {
        limits: { ...DEFAULT_LIMITS, head: 16_384 },
        onError: (error) => it?.errors.push(error),
      });
      return new Rig(server);
    };
    return withRig(make, async (rig) => {
      try {
        it = new FastCgiRig(rig, await rig.front(), made.application!);
        await body(it);
      } finally {
        made.handler!.close();
        made.application!.close();
      }
    });
  });
}

/** A request's head. */
export function head(line: string, ...fields: string[]): string {
  return [`${line} HTTP/1.1`, "Host: site.example", ...fields, "", ""].join("\r\n");
}
