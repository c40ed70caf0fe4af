import assert from "node:assert/strict";
import {
  bindUnix,
  close,
  connectUnix,
  type Descriptor,
  encodeUnixAddress,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  startListening,
  unixSocket,
  unlink,
} from "../../../ffi/mod.ts";
import { Backend } from "../../../src/backend/backend.ts";
import { BackendListener, ListenError } from "../../../src/backend/channel/listener.ts";
import { serve } from "../../../src/backend/serve.ts";
import { request } from "../../front/clients.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { until } from "../../support/waiting.ts";
import { Recorder } from "../rig.ts";
import { ScriptedFront } from "../scripted_front.ts";

function test(name: string, body: (directory: string) => void | Promise<void>): void {
  Deno.test(name, () =>
    withoutLeaks(async () => {
      const directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
      try {
        await body(directory);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    }));
}

/** What connect(2) says at a path: 0 when somebody listens. */
function knock(path: string, type: typeof SOCK_STREAM | typeof SOCK_SEQPACKET = SOCK_SEQPACKET): number {
  const fd = unixSocket(type);
  const result = connectUnix(fd, encodeUnixAddress(path));
  close(fd);
  return result;
}

/** A socket at a path as another program would have it. */
function socketAt(
  path: string,
  type: typeof SOCK_STREAM | typeof SOCK_SEQPACKET,
  listens: boolean,
): Descriptor {
  const fd = unixSocket(type);
  assert.equal(bindUnix(fd, path), 0);
  if (listens) startListening(fd, 5);
  return fd;
}

test("BackendListener.listen() listens with the mode asked for, 0600 unless said otherwise", (directory) => {
  for (const [mode, expected] of [[undefined, 0o600], [0o660, 0o660], [0o777, 0o777]] as const) {
    const path = `${directory}/app.sock`;
    const listener = BackendListener.listen(path, mode === undefined ? {} : { mode });
    const status = Deno.lstatSync(path);
    assert.equal(status.isSocket, true);
    assert.equal(status.mode! & 0o777, expected);
    assert.equal(knock(path), 0);
    // The name it was bound under first is gone.
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["app.sock"]);
    listener.close();
    listener.close();
    assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  }
});

test("a socket file that nobody listens on is replaced, of whatever type it was", (directory) => {
  for (const type of [SOCK_SEQPACKET, SOCK_STREAM]) {
    const path = `${directory}/${type}.sock`;
    close(socketAt(path, SOCK_SEQPACKET, type === SOCK_SEQPACKET));
    const listener = BackendListener.listen(path);
    assert.equal(knock(path), 0);
    listener.close();
  }
});

test("a path where somebody listens is not taken, unless that is asked for", (directory) => {
  const path = `${directory}/app.sock`;
  const old = BackendListener.listen(path);
  assert.throws(() => BackendListener.listen(path), (error: Error) => {
    assert.ok(error instanceof ListenError);
    assert.match(error.message, /another backend listens there; .* take over with --take-over$/);
    return true;
  });
  assert.equal(knock(path), 0);
  const inode = Deno.lstatSync(path).ino;
  const next = BackendListener.listen(path, { takeOver: true });
  assert.notEqual(Deno.lstatSync(path).ino, inode);
  // The old one leaves the path alone: it is not its own any more.
  old.close();
  assert.equal(knock(path), 0);
  next.close();
  assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
});

test("a stream socket that somebody listens on is taken too", (directory) => {
  const path = `${directory}/app.sock`;
  const fd = socketAt(path, SOCK_STREAM, true);
  assert.throws(() => BackendListener.listen(path), /another backend listens there/);
  close(fd);
});

test("what is no socket is never replaced, not even to take over", (directory) => {
  const path = `${directory}/file`;
  Deno.writeTextFileSync(path, "mine");
  Deno.mkdirSync(`${directory}/dir`);
  Deno.symlinkSync("file", `${directory}/link`);
  for (const options of [{}, { takeOver: true }]) {
    assert.throws(
      () => BackendListener.listen(path, options),
      /there is a file that is no socket; remove it/,
    );
    assert.throws(
      () => BackendListener.listen(`${directory}/dir`, options),
      /there is a directory; remove it/,
    );
    assert.throws(
      () => BackendListener.listen(`${directory}/link`, options),
      /there is a file that is no socket/,
    );
  }
  assert.equal(Deno.readTextFileSync(path), "mine");
});

test("a directory that is not there, and a path that is too long, are named", (directory) => {
  assert.throws(
    () => BackendListener.listen(`${directory}/none/app.sock`),
    /^ListenError: Cannot listen on ".*\/none\/app\.sock": its directory does not exist; make it first$/,
  );
  assert.throws(() => BackendListener.listen(`${directory}/${"x".repeat(120)}`), ListenError);
  assert.deepEqual([...Deno.readDirSync(directory)], []);
});

test("what another process with the same number, in a container, has beside the socket is left alone", (directory) => {
  const other = unixSocket(SOCK_SEQPACKET);
  bindUnix(other, `${directory}/.${Deno.pid}`);
  BackendListener.listen(`${directory}/app.sock`).close();
  close(other);
  assert.ok(Deno.lstatSync(`${directory}/.${Deno.pid}`).isSocket);
});

test("close() leaves a file alone that has come to the path since", (directory) => {
  const path = `${directory}/app.sock`;
  const listener = BackendListener.listen(path);
  unlink(path);
  Deno.writeTextFileSync(path, "mine");
  listener.close();
  assert.equal(Deno.readTextFileSync(path), "mine");
});

test("a Backend whose path cannot be had leaves nothing open", (directory) => {
  const path = `${directory}/file`;
  Deno.writeTextFileSync(path, "mine");
  assert.throws(() => new Backend(new Recorder(), { socket: path, name: "app" }), ListenError);
});

// --- serve() ----------------------------------------------------------------------------------------------------------

test("serve() serves until it is shut down, and leaves nothing open", async (directory) => {
  const path = `${directory}/app.sock`;
  const events: string[] = [];
  const server = serve((incoming) => new Response(new URL(incoming.url).pathname), {
    socket: path,
    onEvent: ({ type }) => events.push(type),
  });
  const front = new ScriptedFront(path);
  const client = front.give(request("/hello"));
  await until(() => client.received.endsWith("/hello"), "the response");
  assert.deepEqual(events, ["front-found"]);
  const done = server.shutdown();
  await until(() => front.returned.length === 1, "the RETURN");
  front.channel.say(new Uint8Array([1, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, front.returned[0]!.transfer.id]));
  await done;
  await server.finished;
  // Once more does no harm, whoever has the loop's descriptors by now.
  await server.shutdown();
  assert.equal(client.ended, false);
  front.close();
});

test("serve() stops with its signal, and tells of a handler's error", async (directory) => {
  const path = `${directory}/app.sock`;
  const controller = new AbortController();
  const errors: unknown[] = [];
  const server = serve({
    fetch: () => {
      throw new Error("mine");
    },
  }, { socket: path, signal: controller.signal, onError: (error) => errors.push(error) });
  const front = new ScriptedFront(path);
  const client = front.give(request());
  await until(() => client.received.startsWith("HTTP/1.1 500 "), "the answer");
  assert.match(String(errors), /mine/);
  client.end();
  await until(() => client.ended === "end", "the end of the connection");
  controller.abort();
  await server.finished;
  front.close();
});

test("serve() with a signal that is aborted already ends at once", async (directory) => {
  const server = serve(() => new Response(), {
    socket: `${directory}/app.sock`,
    signal: AbortSignal.abort(),
  });
  await server.finished;
  assert.deepEqual([...Deno.readDirSync(directory)], []);
});
