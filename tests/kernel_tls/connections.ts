// The end-to-end tests of TLS where the kernel does it, and what is so only there: one site for all of them. `inside` runs
// this in a virtual machine; kernel_test.ts starts that.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { makeCertificate } from "../support/certificates.ts";
import { childNamed, frontBelow, heldBy, kindsAtRest, untilKinds } from "../support/lossless.ts";
import { OtherProgram } from "../support/other_programs.ts";
import { until } from "../support/waiting.ts";
import { clientTrials } from "../e2e/tls/clients.ts";
import { testHostileClients } from "../e2e/tls/hostile.ts";
import { RECEIVER_BACKENDS, RECEIVER_ROUTES, receiverTrials } from "../e2e/tls/receivers.ts";
import { typed } from "../e2e/tls/s_client.ts";
import { client, NAME, SecureSite } from "../e2e/tls/site.ts";

/** 64 MiB in which every place can be told from every other. */
const LARGE = (() => {
  const words = new Uint32Array(16 << 20);
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at, 0x9e3779b1);
  return new Uint8Array(words.buffer);
})();

/** Whether a file is {@linkcode LARGE}. */
function isLarge(path: string): boolean {
  return Buffer.compare(Deno.readFileSync(path), LARGE) === 0;
}

// Says something and ends, without a word of how long that is; or reads up to the end first.
const PROGRAM = `#!/bin/sh
read -r method path rest
if [ "$path" = /program/greet ]; then
  while read -r line && [ "$line" != "$(printf '\\r')" ]; do :; done
  printf 'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nfrom a program\\n'
else
  cat >/dev/null && printf 'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nheard the end\\n'
fi
`;

const site = await SecureSite.start({}, {}, {
  before: async (directory) => {
    await Deno.chmod(directory.write("program.sh", PROGRAM), 0o755);
    directory.write("files/64.bin", LARGE);
  },
  routes: [{ path: "/program/", to: "program" }, ...RECEIVER_ROUTES],
  sites: [{
    names: "old.test",
    certificate: "site.pem",
    key: "site.key",
    tls: { ciphers: "ECDHE-ECDSA-AES128-SHA" },
    to: "app",
  }],
  backends: { program: { socket: "run/program.sock", exec: ["./program.sh"] }, ...RECEIVER_BACKENDS },
});
globalThis.addEventListener("unload", () => site.kill());

const named = (name: string) => childNamed(site.up.pid, name)!;
const front = frontBelow(site.up.pid);
const everybody = () => [front, ...["tls", "app", "files", "relay", "program"].map(named)];
const common = ["-sS", "--noproxy", "*", "--cacert", site.authority];

/** A client that has shaken hands, and all that it hears. */
async function secure(more: object = {}): Promise<TLSSocket & { heard: string }> {
  const options = {
    host: "127.0.0.1",
    port: site.port,
    servername: NAME,
    ca: Deno.readTextFileSync(site.authority),
  };
  const socket = Object.assign(connect({ ...options, ...more }), { heard: "" });
  socket.on("error", (error) => socket.heard += `[${error}]`).on("end", () => socket.heard += "[end]");
  socket.on("data", (data) => socket.heard += data);
  await once(socket, "secureConnect");
  return socket;
}

const heard = (socket: { heard: string }, pattern: RegExp) =>
  until(() => pattern.test(socket.heard), () => `${pattern} in ${socket.heard}`);

const head = (path: string, ...fields: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, `Host: ${NAME}`, ...fields, "", ""].join("\r\n");

/** Bytes that a process has read and written so far, whatever from and to. */
function moved(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/io`);
  return Number(/^rchar: (\d+)/m.exec(text)![1]) + Number(/^wchar: (\d+)/m.exec(text)![1]);
}

Deno.test("sockets that the kernel encrypts are the way, and it is said once", async () => {
  assert.equal(await client("curl", [...common, `${site.url}/files/a.txt`]), "a file\n");
  assert.equal(await site.way(), "kernel");
});

const before = await (async () => {
  await client("curl", [...common, `${site.url}/files/a.txt`]);
  return await kindsAtRest(...everybody());
})();

/** Programs at a time, on two processors: what one waits for, another uses. */
const AT_A_TIME = 3;

Deno.test("clients that nobody here wrote, and receivers in other languages", async (test) => {
  const trials = [...clientTrials(site), ...receiverTrials(site)];
  const shared = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  const work = async () => {
    for (let trial = trials.shift(); trial !== undefined; trial = trials.shift()) {
      await test.step({ ...trial, ...shared });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
});

testHostileClients(site);

Deno.test("64 MiB go by sendfile, the front and the process for handshakes hold nothing of the connection", async () => {
  const file = site.directory.join("got");
  const calls = site.directory.join("calls");
  const [handshakes, files] = [named("tls"), named("files")];
  await using watched = new OtherProgram("strace", [
    "-f",
    "-qq",
    "-e",
    "trace=sendfile",
    "-o",
    calls,
    "-p",
    `${files}`,
  ]);
  await until(() => /TracerPid:\t[1-9]/.test(Deno.readTextFileSync(`/proc/${files}/status`)), "strace");
  const earlier = [front, handshakes].map(moved);
  const download = client("curl", [...common, "--limit-rate", "40M", "-o", file, `${site.url}/files/64.bin`]);
  await until(() => heldBy(files, site.port) > 0, "the static backend to have the connection");
  // The front has its listener.
  await until(
    () => heldBy(front, site.port) === 1 && heldBy(handshakes, site.port) === 0,
    "the others to let go",
  );
  assert.match(Deno.readTextFileSync("/proc/net/tls_stat"), /TlsCurrTxSw\s+[1-9]/);
  await download;
  assert.ok(isLarge(file));
  for (const [index, pid] of [front, handshakes].entries()) {
    assert.ok(
      moved(pid) - earlier[index]! < 1 << 18,
      `${pid} has moved ${moved(pid) - earlier[index]!} bytes`,
    );
  }
  await watched.kill("SIGTERM");
  const sent = [...Deno.readTextFileSync(calls).matchAll(/sendfile\(.*= (\d+)$/gm)];
  assert.equal(sent.reduce((sum, [, count]) => sum + Number(count), 0), 64 << 20);
});

Deno.test("whoever serves says the end, and a program does", async () => {
  const answers = [
    ["/files/a.txt", "a file"],
    ["/x", `"https://localhost`],
    ["/cgi/x", "on TLSv1"],
    ["/relay/x", "relayed https"],
    ["/program/greet", "from a program"],
    ["/files/nothing", "404"],
    ["/%00", "400"],
  ] as const;
  await Promise.all(answers.map(async ([path, text]) => {
    const args = ["s_client", "-connect", `127.0.0.1:${site.port}`, "-servername", NAME, "-ign_eof"];
    const said = await client("openssl", args, { input: head(path, "Connection: close"), fails: true });
    assert.ok(said.includes(text), said);
    assert.doesNotMatch(said, /unexpected eof|errno=/, path);
  }));
  // Its length is its end.
  assert.equal(await client("curl", [...common, `${site.url}/program/greet`]), "from a program\n");
});

Deno.test("a client that has said its end is answered", async () => {
  for (
    const [path, answer] of [["/files/a.txt", /a file/], ["/x", /"url"/], ["/relay/x", /relayed/]] as const
  ) {
    const socket = await secure();
    socket.end(head(path));
    await heard(socket, answer);
    await heard(socket, /\[end\]$/);
  }
  // A program reads to the end, which is no error.
  const socket = await secure();
  socket.end(head("/program/count"));
  await heard(socket, /heard the end\n\[end\]$/);
});

Deno.test("bulk through a tunnel ends where the client says so", async () => {
  const socket = await secure();
  socket.write(head("/relay/tunnel", "Connection: Upgrade", "Upgrade: count"));
  await heard(socket, /\r\n\r\n/);
  for (let round = 0; round < 32; round++) socket.write(new Uint8Array(1 << 16).fill(round));
  socket.end();
  await heard(socket, new RegExp(`${2 << 20} bytes\\[end\\]$`));
});

Deno.test("a head in many records is read when it is whole", async () => {
  const socket = await secure();
  const text = head("/x", `Padding: ${"x".repeat(600)}`);
  for (let at = 0; at < text.length; at += 37) {
    await new Promise((resolve) => socket.write(text.slice(at, at + 37), resolve));
  }
  await heard(socket, /"url"/);
  socket.destroy();
  // What ends in the middle of one is let go.
  const half = await secure();
  half.end("GET /x HTTP/1.1\r\nHost:");
  await heard(half, /\[end\]$/);
});

Deno.test("after new keys a connection ends, and no other", async () => {
  const closed = /closed|errno/;
  // Where the front has it, and where a backend has.
  await typed(site, ["-tls1_3"], [["K\n", /Verify return code/], ["", closed]]);
  const said = await typed(site, ["-tls1_3"], [[head("/files/a.txt"), /Verify return code/], [
    "K\n",
    /a file/,
  ], ["", closed]]);
  assert.match(said, /KEYUPDATE/);
});

Deno.test("ciphers that the kernel lacks go through the process for handshakes, and it says so", async () => {
  const args = ["--resolve", `old.test:${site.port}:127.0.0.1`, "--tls-max", "1.2", "-k"];
  const text = await client("curl", [...common, ...args, `https://old.test:${site.port}/x`]);
  assert.equal(JSON.parse(text).tls.cipher, "ECDHE-ECDSA-AES128-SHA");
  await site.up.message(/connections go on .*the kernel does not know ECDHE-ECDSA-AES128-SHA/);
});

Deno.test("nobody is left with anything", async () => {
  for (const [index, pid] of everybody().entries()) {
    await until(() => heldBy(pid, site.port) === (index === 0 ? 1 : 0), `process ${index} to have let go`);
    // Backends keep pipes and connections to upstreams for later requests.
    if (index < 2) await untilKinds(pid, before[index]!);
  }
});

Deno.test("kill -9 of the process for handshakes, and new certificates, cut nobody off", async () => {
  const file = site.directory.join("got-again");
  // More than the sockets on the way take, or nobody had the connection any more.
  const part = 24 << 20;
  const kept = await secure();
  kept.write(head("/x"));
  await heard(kept, /"url"/);
  const chat = await secure();
  chat.write(head("/relay/tunnel", "Connection: Upgrade", "Upgrade: count"));
  await heard(chat, /\r\n\r\n/);
  const handshakes = named("tls");
  const slowly = ["--limit-rate", "3M", "--range", `0-${part - 1}`, "-o", file];
  const download = client("curl", [...common, ...slowly, `${site.url}/files/64.bin`]);
  await until(() => heldBy(named("files"), site.port) > 0, "the download");
  Deno.kill(handshakes, "SIGKILL");
  kept.heard = chat.heard = "";
  kept.write(head("/files/a.txt"));
  await heard(kept, /a file/);
  await until(() => named("tls") !== undefined && named("tls") !== handshakes, "another one");
  assert.equal(await client("curl", [...common, `${site.url}/files/a.txt`]), "a file\n");
  const shown = async () => {
    const socket = await secure();
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const earlier = await shown();
  await makeCertificate(site.directory.path, "site", { names: [NAME, "127.0.0.1"], by: "ca" });
  site.up.signal("SIGHUP");
  await until(async () => await shown() !== earlier, "the new certificate");
  kept.heard = "";
  kept.write(head("/x"));
  await heard(kept, /"url"/);
  chat.end("hello");
  await heard(chat, /^5 bytes\[end\]$/);
  await download;
  assert.equal(Buffer.compare(Deno.readFileSync(file), LARGE.subarray(0, part)), 0);
  kept.destroy();
});

Deno.test("everything ends by itself", async () => {
  for (const [index, pid] of everybody().entries()) {
    await until(() => heldBy(pid, site.port) === (index === 0 ? 1 : 0), `process ${index} to have let go`);
  }
  await site.up.stopCleanly();
  await site[Symbol.asyncDispose]();
});
