/** A front with a backend for clients that nobody would write on purpose, and two more that are in a hurry. */

import assert from "node:assert/strict";
import { DescriptorTables, untilStopped } from "../support/proc.ts";
import {
  fixture,
  type FrontProgram,
  startBackend,
  startFront,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { within } from "../support/waiting.ts";

export const HEAD_TIMEOUT = 300;
export const QUEUE_TIMEOUT = 600;

/** What the tests of awkward clients work with. */
export interface Awkward {
  readonly directory: TemporaryDirectory;
  /** The backend's. */
  readonly socket: string;
  readonly port: number;
  /** The front that lets heads take little time, and the one that lets nobody wait for long. */
  readonly hasty: FrontProgram;
  readonly lonely: FrontProgram;
  readonly tables: DescriptorTables;
  /** A client of the hasty front, which has sent something before the time for its head begins to run. */
  begin(bytes: string): Promise<RawClient>;
  /** A step with one client; afterwards the front still serves, and both processes have open what they had before. */
  step(name: string, body: (client: RawClient) => Promise<void>): Promise<boolean>;
  /** A step whose client sends something wrong and reads the answer to its end. */
  refused(name: string, bytes: string | Uint8Array, status: number, why: RegExp): Promise<boolean>;
}

/** Starts everything, lets the test do its steps, and has everything end in good order. */
export async function withAwkwardClients(
  t: Deno.TestContext,
  body: (awkward: Awkward) => Promise<void>,
): Promise<void> {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  await using backend = await startBackend(socket, { fetch: fixture("app.ts") });
  const configuration = {
    listen: "127.0.0.1:0",
    sites: [
      { to: `fd://${socket}` },
      { names: "part.test", routes: [{ path: "/part/", to: `fd://${socket}` }] },
      { names: "nobody.test", to: `fd://${directory.join("nobody.sock")}` },
      { names: "later.test", to: `fd://${directory.join("later.sock")}` },
    ],
  };
  await using front = await startFront(configuration);
  // Each is in a hurry in one respect alone.
  await using hasty = await startFront({ ...configuration, headTimeout: `${HEAD_TIMEOUT}ms` });
  await using lonely = await startFront({ ...configuration, queueTimeout: `${QUEUE_TIMEOUT}ms` });
  const { port } = front;
  const fronts = [front, hasty, lonely];
  for (const { pid } of fronts) await backend.message(new RegExp(`front ${pid}\\.1 connected`));
  await get(port, "/");
  await get(lonely.port, "/nothing", "part.test");
  const tables = await DescriptorTables.of(...fronts.map(({ pid }) => pid), backend.pid);

  /** A client of the front that lets heads take little time, which has sent something before that begins to run. */
  const begin = async (bytes: string): Promise<RawClient> => {
    hasty.signal("SIGSTOP");
    await untilStopped(hasty.pid);
    // The kernel takes the connection for it.
    const client = await RawClient.connect(hasty.port);
    await client.write(bytes);
    hasty.signal("SIGCONT");
    return client;
  };

  /** A step with one client; afterwards the front still serves, and both processes have open what they had before. */
  const step = (name: string, body: (client: RawClient) => Promise<void>) =>
    t.step(name, async () => {
      {
        using client = await RawClient.connect(port);
        await body(client);
      }
      assert.equal((await get(port, "/after")).status, 200);
      await tables.untilRestored();
    });

  /** A step whose client sends something wrong and reads the answer to its end. */
  const refused = (name: string, bytes: string | Uint8Array, status: number, why: RegExp) =>
    step(name, async (client) => {
      await client.write(bytes);
      await assertRefusal(client, status, why);
    });

  await body({ directory, socket, port, hasty, lonely, tables, begin, step, refused });

  for (const { stderr } of fronts) assert.doesNotMatch(stderr, /fatal|error/);
  assert.doesNotMatch(backend.stderr, /fatal|error/);
  await backend.stopCleanly();
  for (const one of fronts) await one.stopCleanly();
}

/** The answer says why the client is refused, and is the last that it gets. */
export async function assertRefusal(client: RawClient, status: number, why: RegExp): Promise<void> {
  const response = await within(client.response(), `the answer ${status}`);
  assert.equal(response.status, status, response.head);
  assert.equal(response.fields.get("connection"), "close");
  assert.match(response.text, why);
  await client.assertEnded();
}
