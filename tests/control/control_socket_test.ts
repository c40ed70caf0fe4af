/** The control socket against guests of all sorts. */

import assert from "node:assert/strict";
import {
  close,
  connectUnix,
  type Descriptor,
  encodeUnixAddress,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  unixSocket,
} from "../../ffi/mod.ts";
import { Loop } from "../../src/loop/loop.ts";
import { DONE, encodeControlRequest, FAILED, REFUSED } from "../../src/protocol/control.ts";
import { ControlConnection, ControlError } from "../../src/control/socket/ask.ts";
import { ControlSocket, type Obey } from "../../src/control/socket/control_socket.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { until } from "../support/waiting.ts";

/** Answers with the name of what it is asked for. */
const echo: Obey = ({ command }) => Promise.resolve({ code: DONE, text: command });

/** A socket with those who answer at it, and a loop for both ends. */
async function serving(obey: Obey, use: (path: string, loop: Loop) => Promise<void>): Promise<void> {
  await withoutLeaks(async () => {
    using directory = new TemporaryDirectory();
    const path = directory.join("control.sock");
    const loop = new Loop();
    const socket = new ControlSocket(loop, path, obey);
    const running = loop.run();
    try {
      await use(path, loop);
    } finally {
      socket.close();
      assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
      loop.stop();
      await running;
      loop.close();
    }
  });
}

function connect(path: string): Descriptor {
  const fd = unixSocket(SOCK_SEQPACKET);
  assert.equal(connectUnix(fd, encodeUnixAddress(path)), 0);
  return fd;
}

function say(fd: Descriptor, message: Uint8Array<ArrayBuffer>): void {
  assert.equal(settle(libc.send(fd, message, BigInt(message.length), MSG_NOSIGNAL)), message.length);
}

const room = new Uint8Array(65_536);

/** A message that has come; undefined at the end. */
async function hear(fd: Descriptor): Promise<string | undefined> {
  const length = await until(() => {
    const result = settle(libc.recv(fd, room, 65_536n, MSG_DONTWAIT));
    return result === -11 ? undefined : { result };
  }, "a message");
  return length.result <= 0 ? undefined : new TextDecoder().decode(room.subarray(0, length.result));
}

Deno.test("ControlSocket answers one request after another, to its owner alone", async () => {
  await serving(echo, async (path, loop) => {
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    const connection = ControlConnection.open(loop, path);
    for (const command of ["reload", "status", "reopen"] as const) {
      assert.deepEqual(await connection.ask({ command }), { code: DONE, text: command });
    }
    connection.close();
  });
});

Deno.test("ControlSocket says what is wrong with a request, and goes on", async () => {
  await serving(echo, async (path) => {
    const fd = connect(path);
    for (const message of [new Uint8Array([1]), new Uint8Array(5_000), new TextEncoder().encode("{}")]) {
      say(fd, message);
      assert.match(await hear(fd) ?? "", new RegExp(`^\\.\\{"version":1,"code":${REFUSED},"text":"Cannot `));
    }
    say(fd, encodeControlRequest({ command: "reload" }));
    assert.equal(await hear(fd), '.{"version":1,"code":0,"text":"reload"}');
    close(fd);
  });
});

Deno.test("ControlSocket: requests that come at once are answered in their order", async () => {
  await serving(echo, async (path) => {
    const fd = connect(path);
    for (const command of ["reload", "status", "reopen"] as const) say(fd, encodeControlRequest({ command }));
    for (const command of ["reload", "status", "reopen"]) {
      assert.equal(await hear(fd), `.{"version":1,"code":0,"text":"${command}"}`);
    }
    close(fd);
  });
});

Deno.test("ControlSocket: what fails is an answer, and guests that go meanwhile are nothing", async () => {
  const done = Promise.withResolvers<void>();
  let asked = 0;
  const obey: Obey = async () => {
    asked++;
    if (asked === 1) throw new Error("it cannot be done");
    await done.promise;
    return { code: DONE, text: "" };
  };
  await serving(obey, async (path) => {
    const fd = connect(path);
    say(fd, encodeControlRequest({ command: "reload" }));
    assert.equal(await hear(fd), `.{"version":1,"code":${FAILED},"text":"it cannot be done"}`);
    say(fd, encodeControlRequest({ command: "reload" }));
    await until(() => asked === 2, "the second request");
    close(fd);
    done.resolve();
  });
});

Deno.test("ControlSocket: a guest that does not read a long answer keeps nobody", async () => {
  const long: Obey = () => Promise.resolve({ code: DONE, text: "x".repeat(4 << 20) });
  await serving(long, async (path, loop) => {
    const silent = connect(path);
    say(silent, encodeControlRequest({ command: "status" }));
    const connection = ControlConnection.open(loop, path);
    assert.equal((await connection.ask({ command: "status" })).text.length, 4 << 20);
    connection.close();
    close(silent);
  });
});

Deno.test("ControlSocket: no more guests than it has room for, and room again when they go", async () => {
  await serving(echo, async (path) => {
    const guests = Array.from({ length: 32 }, () => connect(path));
    for (const fd of guests) {
      say(fd, encodeControlRequest({ command: "reload" }));
      await hear(fd);
    }
    const late = connect(path);
    assert.equal(await hear(late), undefined);
    close(late);
    close(guests.pop()!);
    await until(async () => {
      const fd = connect(path);
      settle(libc.send(fd, encodeControlRequest({ command: "reload" }), 33n, MSG_NOSIGNAL));
      const said = await hear(fd);
      close(fd);
      return said !== undefined;
    }, "room for another guest");
    for (const fd of guests) close(fd);
  });
});

Deno.test("ControlSocket: a path that somebody listens at is not taken, a stale one is", async () => {
  await serving(echo, async (path, loop) => {
    assert.throws(() => new ControlSocket(loop, path, echo), {
      name: "ListenError",
      message: new RegExp(
        `^Cannot listen for commands on ".*": process ${Deno.pid} does; give each its own path`,
      ),
    });
    const stale = `${path}.stale`;
    const fd = unixSocket(SOCK_STREAM);
    assert.equal(settle(libc.bind(fd, encodeUnixAddress(stale), encodeUnixAddress(stale).length)), 0);
    close(fd);
    new ControlSocket(loop, stale, echo).close();
    await Promise.resolve();
  });
});

Deno.test("ControlConnection: whom it cannot reach it says, with the way out", async () => {
  await serving(echo, async (path, loop) => {
    const refusal = (where: string) => {
      try {
        ControlConnection.open(loop, where).close();
      } catch (error) {
        assert.ok(error instanceof ControlError);
        return error.message;
      }
      return "reached";
    };
    assert.match(refusal(`${path}.none`), /nobody listens there; start fdpass, or name its socket/);
    assert.match(refusal(`/tmp/${"x".repeat(120)}`), /1 to 107 bytes/);
    const other = unixSocket(SOCK_STREAM);
    const address = encodeUnixAddress(`${path}.stream`);
    settle(libc.bind(other, address, address.length));
    settle(libc.listen(other, 1));
    assert.match(refusal(`${path}.stream`), /what listens there is not fdpass/);
    close(other);
    await Promise.resolve();
  });
});
