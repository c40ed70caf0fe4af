/** A site over TLS with every kind of backend behind it, and clients that are programs of their own. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { makeCertificate } from "../../support/certificates.ts";
import { freePort } from "../../support/ports.ts";
import { type FrontProgram, PATIENT, startUpFrom, TemporaryDirectory } from "../../support/processes.ts";

/** The name of the site; what it stands for is this machine. */
export const NAME = "localhost";

/** Answers with what it is told; `/events` is a stream, `/chat` a WebSocket. */
const APP = `let report;
export default {
  fetch(request, info) {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/report") report = search.slice(1).split("&").map(decodeURIComponent);
    if (pathname === "/said") return Response.json(report ?? null);
    if (pathname === "/chat") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send("echo " + data);
      return response;
    }
    if (pathname === "/events") {
      const events = ReadableStream.from(["data: one\\n\\n", "data: two\\n\\n"]);
      return new Response(events.pipeThrough(new TextEncoderStream()), { headers: { "Content-Type": "text/event-stream" } });
    }
    if (pathname === "/page") return new Response(PAGE, { headers: { "Content-Type": "text/html" } });
    return Response.json({ url: request.url, port: info.remoteAddr.port, tls: info.tls });
  },
};
const PAGE = \`<script type="module">
  const texts = [];
  texts.push(location.protocol, (await (await fetch("/files/a.txt")).text()).trim());
  texts.push(await new Promise((resolve) => {
    const socket = new WebSocket("wss://" + location.host + "/chat");
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => resolve("no socket");
  }));
  texts.push(await new Promise((resolve) => {
    const events = new EventSource("/events");
    let seen = "";
    events.onmessage = ({ data }) => (seen += data, data === "two" && (events.close(), resolve(seen)));
  }));
  await fetch("/report?" + texts.map(encodeURIComponent).join("&"));
</script>\`;
`;

const CGI = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n%s %s %s' "$HTTPS" "$SSL_PROTOCOL" "$REQUEST_SCHEME"
`;

/** Says what it was told of the client. */
function upstream(request: IncomingMessage, response: ServerResponse): void {
  response.end(`relayed ${request.headers["x-forwarded-proto"]}`);
}

/** Another protocol: takes everything up to its end, and says how much that was. */
function count(_request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
  let count = head.length;
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: count\r\n\r\n");
  socket.on("error", () => {}).on("data", (data) => count += data.length);
  socket.on("end", () => socket.end(`${count} bytes`));
}

function closed(server: Server): Promise<unknown> {
  const closing = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  return closing;
}

/** Everything that runs, and where. */
export class SecureSite implements AsyncDisposable {
  private constructor(
    readonly directory: TemporaryDirectory,
    readonly up: FrontProgram,
    readonly port: number,
    readonly plainPort: number,
    readonly server: Server,
  ) {}

  /**
   * @param change what the configuration says besides; of the site, too
   * @param more what is done in the directory before the start; routes of the site before its own, sites behind it, backends
   */
  static async start(
    change: object = {},
    siteChange: object = {},
    more: {
      readonly before?: (directory: TemporaryDirectory) => Promise<void>;
      readonly routes?: readonly object[];
      readonly sites?: readonly object[];
      readonly backends?: object;
    } = {},
  ): Promise<SecureSite> {
    const directory = new TemporaryDirectory();
    await makeCertificate(directory.path, "ca", { names: ["An Authority"], authority: true });
    await makeCertificate(directory.path, "site", { names: [NAME, "127.0.0.1"], by: "ca" });
    await Deno.mkdir(directory.join("files"));
    directory.write("app.ts", APP);
    directory.write("files/a.txt", "a file\n");
    await Deno.writeFile(directory.join("files/large.bin"), large());
    directory.write("cgi.sh", CGI);
    await Deno.chmod(directory.join("cgi.sh"), 0o755);
    await more.before?.(directory);
    const server = createServer({ keepAliveTimeout: 600_000 }, upstream).on("upgrade", count);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port: upstreamPort } = server.address() as AddressInfo;
    const [port, plainPort] = [freePort(), freePort()];
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen: [`127.0.0.1:${plainPort}`, { address: `127.0.0.1:${port}`, tls: true }],
        sites: [{
          names: [NAME, "127.0.0.1"],
          certificate: "site.pem",
          key: "site.key",
          routes: [
            ...more.routes ?? [],
            { path: "/files/", to: "files" },
            { path: "/cgi/", to: "cgi" },
            { path: "/relay/", to: "relay" },
            { path: "/", to: "app" },
          ],
          ...siteChange,
        }, ...more.sites ?? []],
        backends: {
          app: { socket: "run/app.sock", fetch: "app.ts" },
          files: { socket: "run/files.sock", static: "files" },
          cgi: { socket: "run/cgi.sock", exec: ["./cgi.sh"], cgi: true },
          relay: { socket: "run/relay.sock", upstream: `http://127.0.0.1:${upstreamPort}` },
          ...more.backends,
        },
        ...change,
      }),
    );
    try {
      const up = await startUpFrom(path);
      return new SecureSite(directory, up, port, plainPort, server);
    } catch (error) {
      await closed(server);
      directory[Symbol.dispose]();
      throw error;
    }
  }

  get url(): string {
    return `https://${NAME}:${this.port}`;
  }

  get authority(): string {
    return this.directory.join("ca.pem");
  }

  /** Which way connections go, as the process for handshakes says once. */
  async way(): Promise<"kernel" | "pair"> {
    const [line] = await this.up.message(/connections go on .*/);
    return /sockets that the kernel/.test(line) ? "kernel" : "pair";
  }

  /** Ends it where tests did not get as far as their end. */
  kill(): void {
    try {
      this.up.signal("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up[Symbol.asyncDispose]();
    await closed(this.server);
    this.directory[Symbol.dispose]();
  }
}

/** 8 MiB in which every place can be told from every other. */
export function large(): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(2 << 20);
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at, 0x9e3779b1);
  return new Uint8Array(words.buffer);
}

/** Runs a client to its end; what it has written. */
export async function client(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly cwd?: string;
    readonly fails?: boolean;
    readonly env?: Record<string, string>;
  } = {},
): Promise<string> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...options.cwd === undefined ? {} : { cwd: options.cwd },
    ...options.env === undefined ? {} : { env: options.env },
  }).spawn();
  if (options.input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.input));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  const errors = new TextDecoder().decode(stderr);
  if (options.fails) return text + errors;
  assert.equal(code, 0, `${command} ${args.join(" ")}\n${text}\n${errors}`);
  return text;
}
