/** A directory that is served by a static backend, and a front that hands clients over to it. */

import assert from "node:assert/strict";
import { type StaticOptions, StaticRequestHandler } from "../../../src/backend/static/static_handler.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { Rig, withRig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";

/** What a test has. */
export interface Site {
  readonly rig: Rig<HttpServer>;
  readonly front: ScriptedFront;
  /** The directory. */
  readonly root: string;
  /** What the handler threw. Unless a test takes it out, there must be nothing. */
  readonly errors: unknown[];
  /**
   * Asks on a connection of its own.
   *
   * @param more lines of the head, each with its CRLF
   * @returns the response
   */
  readonly get: (target: string, more?: string, method?: string) => Promise<string>;
}

/** A test with a directory that has something of everything. */
export function testSite(
  name: string,
  body: (site: Site) => Promise<void>,
  options: StaticOptions = {},
): void {
  Deno.test(name, async () => {
    const base = Deno.makeTempDirSync({ prefix: "fdpass-" });
    const root = `${base}/public`;
    fill(base, root);
    const errors: unknown[] = [];
    const make = () => {
      const handler = new StaticRequestHandler(root, options);
      const server = new HttpServer(handler, {
        limits: DEFAULT_LIMITS,
        onError: (error) => errors.push(error),
      });
      const rig = new Rig(server);
      const close = rig.close.bind(rig);
      rig.close = () => {
        close();
        handler.close();
      };
      return rig;
    };
    try {
      await withRig(make, async (rig) => {
        const front = await rig.front();
        const get = async (target: string, more = "", method = "GET") => {
          const client = front.give(
            `${method} ${target} HTTP/1.1\r\nHost: a\r\n${more}Connection: close\r\n\r\n`,
          );
          const text = await rig.rest(client);
          client.close();
          return text;
        };
        await body({ rig, front, root, errors, get });
        assert.deepEqual(errors, []);
      });
    } finally {
      Deno.removeSync(base, { recursive: true });
    }
  });
}

function fill(base: string, root: string): void {
  Deno.mkdirSync(`${root}/dir/empty`, { recursive: true });
  Deno.mkdirSync(`${root}/.git`);
  Deno.mkdirSync(`${root}/.well-known`);
  Deno.writeTextFileSync(`${base}/secret.txt`, "secret");
  Deno.writeTextFileSync(`${root}/a.txt`, "hello");
  Deno.writeTextFileSync(`${root}/empty.txt`, "");
  Deno.writeTextFileSync(`${root}/index.html`, "<p>root");
  Deno.writeTextFileSync(`${root}/dir/index.html`, "<p>dir");
  Deno.writeTextFileSync(`${root}/.git/config`, "secret");
  Deno.writeTextFileSync(`${root}/.well-known/security.txt`, "Contact: you");
  Deno.symlinkSync("a.txt", `${root}/inside.txt`);
  Deno.symlinkSync("../secret.txt", `${root}/outside.txt`);
  Deno.symlinkSync(`${base}/secret.txt`, `${root}/absolute.txt`);
  Deno.symlinkSync("..", `${root}/up`);
  Deno.symlinkSync("loop", `${root}/loop`);
}

/** The status of a response. */
export function statusOf(response: string): number {
  return Number(response.slice(9, 12));
}

/** A field's value. @param name as it is written */
export function fieldOf(response: string, name: string): string | undefined {
  const head = response.slice(0, response.indexOf("\r\n\r\n") + 2);
  return new RegExp(`\\r\\n${name}: ([^\\r]*)\\r\\n`).exec(head)?.[1];
}

/** What follows the head. */
export function contentOf(response: string): string {
  return response.slice(response.indexOf("\r\n\r\n") + 4);
}
