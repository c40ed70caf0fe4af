// Processes for handshakes that come and go, whose clients' sessions go on; and sites whose servers do TLS themselves behind
// the PROXY protocol, wherever a connection to them breaks off.
import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import { childNamed, frontBelow, kindsAtRest, untilKinds } from "../../support/lossless.ts";
import { noHaproxy, OtherServer } from "../../support/other_servers.ts";
import { freePort } from "../../support/ports.ts";
import { childrenOf, isRunning } from "../../support/proc.ts";
import { TemporaryDirectory } from "../../support/processes.ts";
import { until } from "../../support/waiting.ts";
import { helloMessage, inRecords } from "../../tls/hellos.ts";
import { client, NAME, SecureSite } from "./site.ts";

const REQUEST = `GET /files/a.txt HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`;

/** A request by openssl, which keeps or brings a session. @returns whether that went on */
async function resumes(site: SecureSite, version: string, how: "-sess_out" | "-sess_in"): Promise<boolean> {
  const args = ["s_client", "-connect", `127.0.0.1:${site.port}`, "-servername", NAME, "-ign_eof"]
    .concat("-CAfile", site.authority, `-tls${version}`, how, site.directory.join(`session${version}`));
  const said = await client("openssl", args, { input: REQUEST });
  assert.match(said, /a file/);
  return /\nReused, TLS/.test(said);
}

Deno.test("sessions go on in every process for handshakes, and after kill -9 of each of them, and of them all", async () => {
  // No more processes than it takes.
  await using site = await SecureSite.start({
    tls: { workers: 2 },
    sites: [{ names: [NAME], certificate: "site.pem", key: "site.key", to: "files" }],
    backends: { files: { socket: "run/files.sock", static: "." } },
  });
  const dealer = () => childNamed(site.up.pid, "tls");
  const workers = () => childrenOf(dealer()!).filter(isRunning);
  const goOn = async () => {
    for (const version of ["1_2", "1_3"]) assert.ok(await resumes(site, version, "-sess_in"), version);
  };
  for (const version of ["1_2", "1_3"]) assert.equal(await resumes(site, version, "-sess_out"), false);
  for (const [round, killed] of workers().entries()) {
    Deno.kill(killed, "SIGKILL");
    // It is the other one's turn, whichever began the sessions.
    await goOn();
    await site.up.message(new RegExp(`(worker process \\d+ is ready[^]*){${round + 1}}`));
  }
  const first = dealer()!;
  Deno.kill(first, "SIGKILL");
  await until(() => dealer() !== undefined && dealer() !== first, "all of them anew");
  await goOn();
  await site.up.stopCleanly();
});

/** Sends bytes and goes, by FIN or by a reset. */
async function sendAndGo(port: number, bytes: Uint8Array, reset: boolean): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  if (bytes.length > 0) await new Promise((resolve) => socket.write(bytes, resolve));
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
}

const HEADER = "PROXY TCP4 203.0.113.9 198.51.100.1 51234 443\r\n";
const HAPROXY =
  `http-request return status 200 content-type text/plain lf-string "%[src] %[ssl_fc_sni] %[pathq]"`;

/** Each of a client that somebody in front tells of: what it hears. */
class ToldClient {
  heard = "";
  private constructor(readonly socket: TLSSocket) {
    socket.on("data", (data) => this.heard += data).on("end", () => this.heard += "[end]");
    socket.on("error", (error) => this.heard += `[${error}]`).on("close", () => this.heard += "[close]");
  }

  static start(port: number, authority: string): ToldClient {
    const socket = connectTcp(port, "127.0.0.1");
    socket.write(HEADER);
    return new ToldClient(connect({ socket, servername: "own.test", ca: authority }));
  }

  async hears(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.heard), () => `${pattern} in ${this.heard}`);
  }
}

Deno.test({
  name:
    "a client by the PROXY protocol is told of to a server that does TLS itself, which may go at any time" +
    (noHaproxy === undefined ? "" : ` (${noHaproxy})`),
  ignore: noHaproxy !== undefined,
  async fn() {
    using directory = new TemporaryDirectory();
    const { certificate, key } = await makeCertificate(directory.path, "own", { names: ["own.test"] });
    const authority = Deno.readTextFileSync(certificate);
    const both = directory.write("both.pem", authority + Deno.readTextFileSync(key));
    const server = await OtherServer.haproxy(directory, HAPROXY, `ssl crt ${both} accept-proxy`);
    await using _server = server.program;
    const port = freePort();
    const address = `127.0.0.1:${port}`;
    const listen = [{ address, tls: true, proxyProtocol: "required", trustedProxies: ["127.0.0.1"] }];
    const upstream = `http://127.0.0.1:${server.port}`;
    await using site = await SecureSite.start({}, {}, {
      sites: [{ names: "own.test", listen, tls: "pass", to: "passed" }],
      backends: { passed: { socket: "run/passed.sock", upstream, proxyProtocol: "v2" } },
    });
    const kept = ToldClient.start(port, authority);
    kept.socket.write("GET /x HTTP/1.1\r\nHost: own.test\r\n\r\n");
    await kept.hears(/203\.0\.113\.9 own\.test \/x/);

    // Whatever breaks off leaves nothing, with anybody.
    const pids = [
      frontBelow(site.up.pid),
      ...["tls", "passed"].map((name) => childNamed(site.up.pid, name)!),
    ];
    const before = await kindsAtRest(...pids);
    const hello = inRecords(helloMessage({ serverName: "own.test" }));
    const all = Uint8Array.of(...new TextEncoder().encode(HEADER), ...hello);
    for (let length = 0; length <= all.length; length += 7) {
      await sendAndGo(port, all.subarray(0, length), length % 2 === 0);
    }
    for (const [index, pid] of pids.entries()) await untilKinds(pid, before[index]!);

    // Who is connected sees that it ends; who comes later is told, as far as one can without a certificate.
    kept.heard = "";
    await server.program.kill("SIGKILL");
    await kept.hears(/\[close\]$/);
    const late = ToldClient.start(port, authority);
    await late.hears(/internal ?error.*\[close\]$/is);
    await site.up.message(/passed.*cannot be reached/);
    await site.up.stopCleanly();
  },
});
