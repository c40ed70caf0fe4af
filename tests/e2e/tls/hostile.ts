/** Clients that break off, say nothing, or say what makes no sense: no process ends, nothing stays open, others are served. */

import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { connect } from "node:tls";
import { once } from "node:events";
import { childNamed, kindsAtRest, openKinds, untilKinds } from "../../support/lossless.ts";
import { residentMemory } from "../../support/proc.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/waiting.ts";
import { helloMessage, inRecords } from "../../tls/hellos.ts";
import { lengths, narrow, over } from "./narrow.ts";
import { typed } from "./s_client.ts";
import { client, NAME, type SecureSite } from "./site.ts";

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

/** Whether this machine is imitated by another (tests/kernel_tls), and slow: the same is tried less often. */
const SLOW = Deno.env.get("FDPASS_KERNEL_TLS") !== undefined;
/** Bytes are tried one by one, or so many apart: odd, or all would end alike. */
const STEP = SLOW ? 23 : 1;
/** Clients that shake hands up to the middle, and those that say nothing at all. */
const STOPPING = SLOW ? 100 : 500;
const SILENT = SLOW ? 500 : 2_000;
/** Bytes by which a process's memory may grow whatever its clients do: new objects are tidied up now and then only. */
const UNTIDY = 32 << 20;

/** A site, and what its process for handshakes has open when nobody is there. */
async function atRest(
  site: SecureSite,
): Promise<{ readonly pid: number; readonly kinds: Record<string, number> }> {
  const pid = childNamed(site.up.pid, "tls")!;
  const [kinds] = await kindsAtRest(pid);
  // What the first client of all makes the process open stays; the client itself goes.
  assert.match(await curl(site), /a file/);
  await until(() => openKinds(pid).socket === kinds!.socket, "the client to be gone");
  const [after] = await kindsAtRest(pid);
  return { pid, kinds: after! };
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

function breakingOff(site: SecureSite): void {
  Deno.test("handshakes that break off at any byte leave nothing behind", async () => {
    const { pid, kinds } = await atRest(site);
    const hello = await firstMessage();
    for (let length = 0; length <= hello.length; length += STEP) {
      await sendAndGo(site.port, hello.subarray(0, length), length % 2 === 0);
    }
    for (const version of VERSIONS) {
      // The rest of what a client says, once the server has answered: at each byte, and so at each record.
      const { first, all } = await lengths(site, version);
      // It may have been asked for another key share, and so have said its first message twice.
      assert.ok(first > 100 && all > first + 50 && all < first + 2_000, `${first} ${all}`);
      for (let most = first; most < all; most += STEP) await over(narrow(site, version, { most }));
    }
    assert.match(await curl(site), /a file/);
    await untilKinds(pid, kinds);
  });
}

function singleBytes(site: SecureSite): void {
  Deno.test("a handshake in segments of one byte succeeds", async () => {
    for (const version of VERSIONS) {
      const socket = narrow(site, version, { single: true });
      await once(socket, "secureConnect");
      socket.write(`GET /files/a.txt HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`);
      let text = "";
      for await (const data of socket) text += data;
      assert.match(text, /a file/);
    }
  });
}

function falsified(site: SecureSite): void {
  Deno.test("a byte that is not the one that was sent ends its handshake, wherever it is", async () => {
    const { pid, kinds } = await atRest(site);
    for (const version of VERSIONS) {
      const { first, all } = await lengths(site, version);
      let tried = 0, broken = 0;
      for (let flip = first; flip < all; flip += STEP, tried++) {
        if (!await over(narrow(site, version, { flip, most: all }))) broken++;
      }
      // A client of TLS 1.3 has finished when it has sent its last message, and hears of it only afterwards.
      assert.ok(version === "TLSv1.3" || broken >= tried - 3, `${broken} of ${tried}`);
    }
    assert.match(await curl(site), /a file/);
    await untilKinds(pid, kinds);
  });
}

function silence(site: SecureSite): void {
  Deno.test(`${SILENT} clients that say nothing keep nobody else waiting`, async () => {
    const { pid, kinds } = await atRest(site);
    const before = residentMemory(pid);
    const silent: Socket[] = [];
    for (let count = 0; count < SILENT; count++) {
      const socket = connectTcp(site.port, "127.0.0.1");
      socket.on("error", () => {});
      silent.push(socket);
      if (count % 100 === 99) await once(socket, "connect");
    }
    await until(
      () => (openKinds(pid).socket ?? 0) >= (kinds.socket ?? 0) + SILENT,
      "all of them to be taken in",
    );
    assert.match(await curl(site), /a file/);
    const grown = residentMemory(pid) - before;
    assert.ok(grown < Math.max(SILENT * 16_384, UNTIDY), `${grown} bytes`);
    for (const socket of silent) socket.destroy();
    await untilKinds(pid, kinds);
  });
}

function nonsense(site: SecureSite): void {
  Deno.test("what makes no sense ends its connection, and no other", async () => {
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
  });
}

function stopping(site: SecureSite): void {
  Deno.test("clients that stop in the middle of a handshake keep nobody else waiting", async () => {
    const { pid, kinds } = await atRest(site);
    const hello = await firstMessage();
    const before = residentMemory(pid);
    const silent: Socket[] = [];
    for (let at = 0; at < STOPPING; at++) {
      const socket = connectTcp(site.port, "127.0.0.1");
      socket.on("error", () => {});
      silent.push(socket);
      socket.write(hello);
      // The server's first messages are there: it waits for the client's.
      await once(socket, "data");
    }
    assert.match(await curl(site), /a file/);
    const grown = residentMemory(pid) - before;
    assert.ok(grown < Math.max(STOPPING * 131_072, UNTIDY), `${grown} bytes`);
    for (const socket of silent) socket.destroy();
    await untilKinds(pid, kinds);
  });
}

/** Has openssl keep a session that allows early data, from a server of its own. */
async function lend(port: number, site: SecureSite, session: string): Promise<void> {
  const own = ["-cert", site.directory.join("site.pem"), "-key", site.directory.join("site.key")];
  const server = new Deno.Command("openssl", {
    args: ["s_server", "-accept", `127.0.0.1:${port}`, ...own, "-early_data", "-tls1_3", "-quiet"],
    // It ends when this does.
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const asks = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", NAME, "-tls1_3", "-ign_eof"];
  await until(() => isListening(port), "openssl to listen");
  const asking = client("openssl", [...asks, "-sess_out", session], { fails: true });
  await until(async () => (await Deno.stat(session).catch(() => undefined))?.size, "a session");
  server.kill("SIGKILL");
  await server.stdin.close().catch(() => {});
  await Promise.all([server.status, asking]);
}

const LISTENING = "0A";

function isListening(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return Deno.readTextFileSync("/proc/net/tcp").split("\n").map((line) => line.trim().split(/\s+/))
    .some(([, address, , state]) => address?.endsWith(local) && state === LISTENING);
}

function earlyData(site: SecureSite): void {
  Deno.test("early data is not taken, and the request is answered all the same", async () => {
    const { pid, kinds } = await atRest(site);
    const [session, early] = [site.directory.join("session"), site.directory.write("early", REQUEST)];
    // A session that allows it, from somebody else.
    const other = freePort();
    await lend(other, site, session);
    const common = ["s_client", "-servername", NAME, "-tls1_3", "-ign_eof"];
    const ask = (port: number, ...options: readonly string[]) =>
      client("openssl", [...common, "-connect", `127.0.0.1:${port}`, ...options], {
        input: REQUEST,
        fails: true,
      });
    const said = await ask(site.port, "-sess_in", session, "-early_data", early);
    assert.match(said, /Early data was rejected/);
    assert.match(said, /\nNew, TLSv1\.3/);
    assert.equal(said.match(/a file/g)?.length, 1, said);
    assert.match(await curl(site), /a file/);
    await untilKinds(pid, kinds);
  });
}

const REQUEST = `GET /files/a.txt HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`;

function newKeys(site: SecureSite): void {
  Deno.test("new keys in the middle are taken, and another handshake is not", async () => {
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
      /RENEGOTIATING[^]*(error|alert|closed)/,
    ]]);
    assert.doesNotMatch(again, /a file/);
    assert.match(await curl(site), /a file/);
    await untilKinds(pid, kinds);
  });
}

/** Registers the tests of all of them, one after the other on one site. */
export function testHostileClients(site: SecureSite): void {
  const all = [breakingOff, singleBytes, falsified, silence, nonsense, stopping, earlyData, newKeys];
  for (const each of all) each(site);
}
