/** A relay between scripted clients and a scripted upstream, turn by turn, with a clock that can be put forward. */

import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import type { BackendOptions } from "../../../src/backend/backend.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import {
  type RelayEvent,
  type RelayOptions,
  RelayRequestHandler,
} from "../../../src/backend/relay/relay_handler.ts";
import type { Transfer } from "../../../src/protocol/transfer.ts";
import type { Client } from "../../front/clients.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { type Peer, ScriptedUpstream } from "./scripted_upstream.ts";

/** A relay, who talks to it, and what it says to people. */
export class RelayRig {
  readonly events: RelayEvent[] = [];
  /** What a request ended with that had been answered already. */
  readonly errors: unknown[] = [];

  constructor(
    readonly rig: Rig<HttpServer>,
    readonly front: ScriptedFront,
    readonly upstream: ScriptedUpstream,
    readonly handler: RelayRequestHandler,
  ) {}

  /** Hands over a client that has sent this. */
  give(text: string, change: Partial<Transfer> = {}): Client {
    return this.front.give(text, change);
  }

  /** Waits until a connection to the upstream has a whole request head. @param index which connection */
  async request(index = 0): Promise<Peer> {
    return await this.rig.until(() => {
      const peer = this.upstream.accept()[index];
      return peer !== undefined && peer.received.includes("\r\n\r\n") && peer;
    }, `a request on connection ${index} of the upstream`);
  }

  /** Waits until a client has got a text; all that it has got. */
  async gets(client: Client, text: string): Promise<string> {
    return await this.rig.until(
      () => client.received.includes(text) && client.received,
      `${JSON.stringify(text)} at the client, which has ${JSON.stringify(client.received)}`,
    );
  }

  /** Waits until the upstream has got a text. */
  async hears(peer: Peer, text: string): Promise<string> {
    return await this.rig.until(
      () => peer.received.includes(text) && peer.received,
      `${JSON.stringify(text)} at the upstream, which has ${JSON.stringify(peer.received)}`,
    );
  }

  /** One exchange from the request to the end of the connection: what the client gets. */
  async answered(request: string, response: string, end: "end" | "reset" | "open" = "open"): Promise<string> {
    const client = this.give(request);
    client.end();
    const peer = await this.request();
    peer.send(response);
    if (end === "reset") peer.reset();
    else if (end === "end") peer.close();
    return undated(await this.rig.rest(client));
  }
}

/** Responses without the fields that are the same everywhere, or change from day to day. */
export function undated(text: string): string {
  return text.replaceAll(/Date: [^\r]*\r\n/g, "").replaceAll("Via: 1.1 fdpass\r\n", "");
}

/** How a test's relay is made. */
export interface RelayTestOptions extends Partial<Omit<RelayOptions, "upstream">> {
  /** Path that the upstream's URL has. */
  readonly base?: string;
  /** Host that the upstream's URL has; 127.0.0.1 unless given. */
  readonly host?: string;
  readonly backend?: Partial<BackendOptions>;
}

/** A test of a relay, which leaves no descriptor open. */
export function testRelay(
  name: string,
  body: (it: RelayRig) => Promise<void>,
  options: RelayTestOptions = {},
): void {
  Deno.test(name, () => {
    const { base = "", host = "127.0.0.1", backend, ...relay } = options;
    let it: RelayRig | undefined;
    const upstream: { it?: ScriptedUpstream } = {};
    const handler: { it?: RelayRequestHandler } = {};
    const make = () => {
      const { port } = upstream.it = new ScriptedUpstream();
      handler.it = new RelayRequestHandler({
        upstream: { at: { host, port }, authority: `upstream:${port}`, base },
        report: (event) => it?.events.push(event),
        ...relay,
      });
      const server = new HttpServer(handler.it, {
        limits: { ...DEFAULT_LIMITS, head: 16_384 },
        onError: (error) => it?.errors.push(error),
      });
      return new Rig(server, backend ?? {});
    };
    return withRig(make, async (rig) => {
      try {
        it = new RelayRig(rig, await rig.front(), upstream.it!, handler.it!);
        await body(it);
      } finally {
        handler.it!.close();
        upstream.it!.close();
      }
    }, { workers: backend?.compression !== undefined });
  });
}

/** A request's head without a body. */
export function head(line: string, ...fields: string[]): string {
  return [line, "Host: site.example", ...fields, "", ""].join("\r\n");
}
