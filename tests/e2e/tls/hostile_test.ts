// Clients that break off, say nothing, or say what makes no sense: no process ends, nothing stays open, others are served.
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { once } from "node:events";
import { childNamed, openKinds, untilKinds } from "../../support/lossless.ts";
import { residentMemory } from "../../support/proc.ts";
import { until } from "../../support/waiting.ts";
import { helloMessage, inRecords } from "../../tls/hellos.ts";
import { typed } from "./s_client.ts";
import { client, NAME, SecureSite } from "./site.ts";

/** A site, and what its process for handshakes has open when nobody is there. */
async function atRest(
  site: SecureSite,
): Promise<{ readonly pid: number; readonly kinds: Record<string, number> }> {
  assert.match(await curl(site), /a file/);
  const pid = childNamed(site.up.pid, "tls")!;
  await until(() => site.port > 0 && (openKinds(pid).socket ?? 0) >= 0, "the process");
  let kinds = openKinds(pid);
  // Whoever was there a moment ago has gone.
  await until(() => {
    const before = JSON.stringify(kinds);
    kinds = openKinds(pid);
    return JSON.stringify(kinds) === before;
  }, "rest");
  return { pid, kinds };
}

function curl(site: SecureSite): Promise<string> {
  return client("curl", ["-sS", "--noproxy", "*", "--cacert", site.authority, `${site.url}/files/a.txt`]);
}

/** The first message of a client that is not ours. */
async function firstMessage(): Promise<Uint8Array<ArrayBuffer>> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const accepted = once(server, "connection");
  const child = client("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", NAME], {
    fails: true,
  });
  const [socket] = await accepted as [Socket];
  const [data] = await once(socket, "data") as [Uint8Array];
  socket.destroy();
  server.close();
  await child;
  return new Uint8Array(data);
}

/** Sends bytes and goes, by FIN or by a reset. */
async function sendAndGo(port: number, bytes: Uint8Array, reset: boolean): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  if (bytes.length > 0) await new Promise((resolve) => socket.write(bytes, resolve));
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
}

/** Waits for the end of a connection, however it comes. */
function closed(socket: Duplex): Promise<void> {
  return new Promise((resolve) =>
    socket.destroyed && socket.closed ? resolve() : socket.once("close", () => resolve())
  );
}

/** Lets so many bytes of a client through, one by one if asked, and then breaks the connection. */
class Narrow extends Duplex {
  sent = 0;
  constructor(readonly socket: Socket, readonly most: number, readonly single: boolean) {
    super();
    socket.setNoDelay(true);
    socket.on("data", (data) => this.push(data)).on("end", () => this.push(null)).on(
      "error",
      () => this.destroy(),
    );
    socket.on("close", () => this.destroy());
  }
  override _read(): void {}
  override _write(data: Uint8Array, _encoding: string, done: () => void): void {
    const part = data.subarray(0, Math.max(0, this.most - this.sent));
    this.sent += data.length;
    const pieces = this.single ? [...part].map((byte) => Uint8Array.of(byte)) : [part];
    for (const piece of pieces) if (piece.length > 0) this.socket.write(piece);
    if (this.sent > this.most) this.socket.end(() => this.socket.destroy());
    done();
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}

function narrow(site: SecureSite, most: number, version: "TLSv1.2" | "TLSv1.3", single = false): TLSSocket {
  const socket = connectTcp(site.port, "127.0.0.1");
  socket.on("error", () => {});
  const client = connect({
    socket: new Narrow(socket, most, single),
    servername: NAME,
    ca: Deno.readTextFileSync(site.authority),
    minVersion: version,
    maxVersion: version,
  });
  client.on("error", () => {});
  return client;
}

Deno.test("handshakes that break off at any byte leave nothing behind", async () => {
  await using site = await SecureSite.start();
  const { pid, kinds } = await atRest(site);
  const hello = await firstMessage();
  for (let length = 0; length <= hello.length; length++) {
    await sendAndGo(site.port, hello.subarray(0, length), length % 2 === 0);
  }
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    // As many bytes as a whole handshake takes: a few of the last ones go through.
    for (let most = 180; most < 760; most += 7) {
      const socket = narrow(site, most, version);
      await new Promise<void>((resolve) => {
        socket.on("close", () => resolve());
        socket.on("secureConnect", () => socket.destroy());
      });
    }
  }
  assert.match(await curl(site), /a file/);
  await untilKinds(pid, kinds);
  await site.up.stopCleanly();
});

Deno.test("a handshake in segments of one byte succeeds", async () => {
  await using site = await SecureSite.start();
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = narrow(site, Infinity, version, true);
    await once(socket, "secureConnect");
    socket.write(`GET /files/a.txt HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`);
    let text = "";
    for await (const data of socket) text += data;
    assert.match(text, /a file/);
  }
  await site.up.stopCleanly();
});

Deno.test("two thousand clients that say nothing keep nobody else waiting", async () => {
  await using site = await SecureSite.start();
  const { pid, kinds } = await atRest(site);
  const before = residentMemory(pid);
  const silent: Socket[] = [];
  for (let count = 0; count < 2_000; count++) {
    const socket = connectTcp(site.port, "127.0.0.1");
    socket.on("error", () => {});
    silent.push(socket);
    if (count % 100 === 99) await once(socket, "connect");
  }
  await until(
    () => (openKinds(pid).socket ?? 0) >= (kinds.socket ?? 0) + 2_000,
    "all of them to be taken in",
  );
  assert.match(await curl(site), /a file/);
  const each = (residentMemory(pid) - before) / 2_000;
  assert.ok(each < 16_384, `${each} bytes each`);
  for (const socket of silent) socket.destroy();
  await untilKinds(pid, kinds);
  await site.up.stopCleanly();
});

Deno.test("what makes no sense ends its connection, and no other", async () => {
  await using site = await SecureSite.start();
  const { pid, kinds } = await atRest(site);
  const hello = inRecords(
    helloMessage({ serverName: NAME, others: [[42, new Uint8Array(0)], [41, new Uint8Array(30)]] }),
  );
  const nonsense = [
    hello,
    ...[20, 21, 22, 23, 24, 128, 255].map((type) => Uint8Array.of(type, 3, 3, 0, 5, 1, 2, 3, 4, 5)),
    inRecords(helloMessage({ serverName: "nobody.test", protocols: ["h2"] })),
    new Uint8Array(40_000).fill(22),
    crypto.getRandomValues(new Uint8Array(5_000)),
  ];
  for (const bytes of nonsense) {
    const socket = connectTcp(site.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.end(bytes);
    socket.resume();
    await closed(socket);
  }
  // Behind a handshake, where the process decrypts.
  for (const type of [20, 21, 22, 23, 99]) {
    const tcp = connectTcp(site.port, "127.0.0.1");
    const socket = connect({ socket: tcp, servername: NAME, ca: Deno.readTextFileSync(site.authority) });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    tcp.write(Uint8Array.of(type, 3, 3, 0, 20, ...crypto.getRandomValues(new Uint8Array(20))));
    await closed(socket);
  }
  assert.match(await curl(site), /a file/);
  await untilKinds(pid, kinds);
  await site.up.stopCleanly();
});

const REQUEST = `GET /files/a.txt HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`;

Deno.test("new keys in the middle are taken, and another handshake is not", async () => {
  await using site = await SecureSite.start();
  const { pid, kinds } = await atRest(site);
  // In kernel mode an announcement of keys ends the connection.
  const way = await site.way();
  const keys = await typed(site, ["-tls1_3"], [["K\n", /Verify return code/], [REQUEST, /KEYUPDATE/], [
    "",
    way === "pair" ? /a file|closed/ : /KEYUPDATE/,
  ]]);
  if (way === "pair") assert.match(keys, /a file/);
  const again = await typed(site, ["-tls1_2"], [["R\n", /Verify return code/], [
    "",
    /RENEGOTIATING[^]*(error|alert)/,
  ]]);
  assert.doesNotMatch(again, /a file/);
  assert.match(await curl(site), /a file/);
  await untilKinds(pid, kinds);
  await site.up.stopCleanly();
});
