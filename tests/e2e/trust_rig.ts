/** What stands behind real servers in front: an fdpass with every kind, and an application that insists on https. */

import { makeCertificate } from "../support/certificates.ts";
import { type FrontProgram, startUp, TemporaryDirectory } from "../support/processes.ts";

/** As applications do behind a server that does TLS: without it, they redirect for ever. */
const APP = `export default {
  fetch(request, info) {
    const url = new URL(request.url);
    if (url.protocol !== "https:") {
      url.protocol = "https:";
      return Response.redirect(url.href);
    }
    return new Response(\`page for \${info.remoteAddr.hostname}, \${request.headers.get("x-forwarded-for")}\`);
  },
};
`;
const CGI = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n%s %s %s' "$HTTPS" "$REQUEST_SCHEME" "$REMOTE_ADDR"
`;

/** An fdpass with every kind behind it: one address takes fields of 127.0.0.1 for true, the others want PROXY headers. */
export class Site implements AsyncDisposable {
  readonly fields: number;
  readonly announced: number;
  /** The same, for those who do TLS and do not say so. */
  readonly secured: number;

  private constructor(
    readonly directory: TemporaryDirectory,
    readonly up: FrontProgram,
    readonly echo: Deno.HttpServer,
    /** What the relay's server was told of who asks, by what was asked for. */
    readonly told: readonly { readonly path: string; readonly said: string }[],
  ) {
    [this.fields, this.announced, this.secured] = up.ports as [number, number, number];
  }

  static async start(): Promise<Site> {
    const directory = new TemporaryDirectory();
    const script = directory.write("cgi.sh", CGI);
    Deno.chmodSync(script, 0o755);
    await makeCertificate(directory.path, "site", { names: ["localhost", "127.0.0.1"] });
    // haproxy wants both in one file.
    const pem = ["site.pem", "site.key"].map((name) => Deno.readTextFileSync(directory.join(name))).join("");
    directory.write("both.pem", pem);
    const names = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
    const told: { path: string; said: string }[] = [];
    const echo = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      ({ url, headers }) => {
        const said = names.map((name) => headers.get(name)).join(" | ");
        told.push({ path: new URL(url).pathname, said });
        return new Response(said);
      },
    );
    const up = await startUp({
      listen: ["127.0.0.1:0", {
        address: "127.0.0.2:0",
        proxyProtocol: "required",
        trustedProxies: ["127.0.0.1"],
      }, {
        address: "127.0.0.3:0",
        proxyProtocol: "required",
        scheme: "https",
        trustedProxies: ["127.0.0.1"],
      }],
      trustedProxies: ["127.0.0.1", "10.0.0.0/8"],
      sites: [{
        routes: [
          { path: "/cgi/", to: "cgi" },
          { path: "/relay/", to: "relay" },
          { path: "/guarded/", to: "app", allow: ["203.0.113.0/24"] },
          { path: "/", to: "app" },
        ],
      }],
      backends: {
        app: { socket: directory.join("app.sock"), fetch: directory.write("app.ts", APP) },
        cgi: { socket: directory.join("cgi.sock"), exec: [script], cgi: true },
        relay: { socket: directory.join("relay.sock"), upstream: `http://127.0.0.1:${echo.addr.port}` },
      },
    });
    return new Site(directory, up, echo, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up[Symbol.asyncDispose]();
    await this.echo.shutdown();
    this.directory[Symbol.dispose]();
  }
}

/** What curl gets; redirects are not followed. */
export async function curl(url: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("curl", {
    args: ["-sk", "--max-time", "20", "-w", "%{http_code} ", ...args, url],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}
