/** What comes back from a service manager's store, and what is none of fdpass's there, or not whole. */

import assert from "node:assert/strict";
import {
  adopt,
  createMemoryFile,
  createSealedFile,
  type Descriptor,
  duplicate,
  monotonicMicroseconds,
  openNull,
  socketCookie,
} from "../../ffi/mod.ts";
import { type GivenSocket, givenSocket, GivenSockets } from "../../src/control/listening/given_sockets.ts";
import { takeStored } from "../../src/control/stored/stored_connections.ts";
import { pack } from "../../src/control/take_over/exchange.ts";
import { tcpPair } from "../ffi/sockets.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

const [STATE, CONNECTION] = ["fdpass-state", "fdpass-connection"];
const FAMILY = { name: "0123456789abcdef0123456789abcdef", key: pack(new Uint8Array(32).fill(7)) };

/** A file as a front leaves it. */
function state(more: object): Descriptor {
  const at = Number(monotonicMicroseconds() / 1_000n);
  const whole = { version: 1, at, generation: 4, family: FAMILY, connections: [], ...more };
  return createSealedFile("state", new TextEncoder().encode(JSON.stringify(whole)));
}

/** What is known of a connection that is parked. */
function record(fd: Descriptor, more: object = {}): object {
  const address = pack(new Uint8Array(20).fill(1));
  return {
    cookie: pack(socketCookie(fd)),
    client: address,
    local: address,
    requests: 3,
    idle: 9_000,
    ...more,
  };
}

/** One end of a connection, as it is given to a process: its own copy. */
function connection(held: Held): Descriptor {
  return adopt(duplicate(tcpPair(held).server));
}

function given(...entries: readonly [name: string, fd: Descriptor][]): GivenSockets {
  return new GivenSockets(entries.map(([name, fd]): GivenSocket => givenSocket(fd, name)));
}

Deno.test("takeStored() finds each connection's record by its socket, in whatever order they come", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [one, other, third] = [connection(held), connection(held), connection(held)];
    const at = Number(monotonicMicroseconds() / 1_000n) - 5_000;
    const file = state({ at, connections: [record(other, { requests: 5 }), record(third), record(one)] });
    const sockets = given([CONNECTION, one], [CONNECTION, other], [STATE, file], [CONNECTION, third]);
    const { connections, family, generation, faults } = takeStored(sockets);
    assert.deepEqual(connections.map(({ fd, requests }) => [fd, requests]), [[other, 5], [third, 3], [
      one,
      3,
    ]]);
    // Time has gone on.
    assert.ok(connections.every(({ idle }) => idle > 0 && idle <= 4_000));
    assert.deepEqual([family!.name, generation, faults, sockets.left], [FAMILY.name, 4, [], []]);
    for (const { fd } of connections) held.keep(adopt(fd));
  }));

Deno.test("takeStored() closes what is not whole or somebody else's, says what it was, and keeps the rest", async () => {
  const text = (content: string) => createSealedFile("state", new TextEncoder().encode(content));
  const files: readonly [() => Descriptor, RegExp][] = [
    [() => adopt(createMemoryFile("open")), /a file in memory that is not sealed/],
    [() => adopt(openNull()), /no file in memory/],
    [() => text("{"), /a file that this version of fdpass does not know/],
    [() => text(""), /a file that this version/],
    [() => text("[]"), /a file that this version/],
    [() => state({ version: 2 }), /a file that this version/],
    [() => state({ connections: 5 }), /a file that this version/],
    [() => state({ connections: [null] }), /a file that this version/],
    [() => state({ family: { name: "x", key: "" } }), /a file that this version/],
    [() => state({ generation: "1" }), /a file that this version/],
  ];
  for (const [file, fault] of files) {
    await withoutLeaks(() => {
      using held = new Held();
      const { connections, family, faults } = takeStored(
        given([STATE, file()], [CONNECTION, connection(held)]),
      );
      assert.deepEqual([connections, family], [[], undefined]);
      assert.match(faults[0]!, fault);
      assert.equal(faults[1], "1 connections of which nothing is known");
    });
  }
});

Deno.test("takeStored() takes what is whole among what is not", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [good, bad, twice] = [connection(held), connection(held), connection(held)];
    const file = state({ connections: [record(good), record(bad, { client: "short" }), record(twice)] });
    const sockets = given(
      [CONNECTION, good],
      [CONNECTION, bad],
      [CONNECTION, twice],
      [CONNECTION, adopt(duplicate(twice))],
      [CONNECTION, adopt(openNull())],
      [STATE, file],
    );
    const { connections, faults } = takeStored(sockets);
    assert.deepEqual(connections.map(({ fd }) => fd), [good, twice]);
    assert.deepEqual(faults, [
      "a connection that is none: it is there twice",
      "a connection that is none: not a socket",
      "1 connections of which nothing is known",
    ]);
    for (const { fd } of connections) held.keep(adopt(fd));
  }));
