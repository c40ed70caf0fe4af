/** Receivers in other languages know nothing of TLS, and serve clients that speak it. */

import assert from "node:assert/strict";
import { make, missing, ReceiverProcess, RECEIVERS } from "../../examples/receivers.ts";
import { named } from "../../support/other_user.ts";
import type { Trial } from "./clients.ts";
import { client, type SecureSite } from "./site.ts";

/** The routes that lead to them. */
export const RECEIVER_ROUTES: readonly object[] = RECEIVERS.map((_, index) => ({
  path: `/${index}/`,
  to: `r${index}`,
}));

/** The backends that they are. */
export const RECEIVER_BACKENDS: object = Object.fromEntries(
  RECEIVERS.map((_, index) => [`r${index}`, { socket: `r${index}/receiver.sock` }]),
);

/** The tests of all of them. @param site with {@linkcode RECEIVER_ROUTES} and {@linkcode RECEIVER_BACKENDS} */
export function receiverTrials(site: SecureSite): Trial[] {
  return RECEIVERS.map((receiver, index) => {
    const { name, ignore } = named(
      `the receiver in ${receiver.name} serves clients over TLS`,
      missing(receiver),
    );
    return {
      name,
      ignore,
      async fn() {
        const directory = site.directory.join(`r${index}`);
        await Deno.mkdir(directory, { recursive: true });
        await make(receiver, directory);
        await using process = await ReceiverProcess.start(receiver, directory);
        await site.up.message(new RegExp(`backend r${index} found`));
        const path = `/${index}/again`;
        const answers = await client("curl", [
          ...["-sS", "--noproxy", "*", "--cacert", site.authority, "-w", "%{local_port} %{http_code}\\n"],
          // What it does not keep is a connection of its own, whose end curl takes for an error unless it is said.
          ...Array.from({ length: 3 }, () => site.url + path),
        ]);
        const told = [
          ...answers.matchAll(
            /^Hello 127\.0\.0\.1:(\d+), this is (.*)\. You asked for (.*)\.\n(\d+) 200$/gm,
          ),
        ];
        assert.equal(told.length, 3, answers);
        for (const [, said, calls, asked, port] of told) {
          assert.deepEqual([said, calls, asked], [port, receiver.calls, path]);
        }
        process.signal("SIGTERM");
        assert.equal((await process.end()).code, 0);
      },
    };
  });
}
