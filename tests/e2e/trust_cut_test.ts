// What real servers in front say, cut at every byte on its way: whose the request is, and by what, is the same each time.

import assert from "node:assert/strict";
import { get } from "node:http";
import { get as getByTls } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { freePort } from "../support/ports.ts";
import { noHaproxy, noNginx, OtherServer } from "../support/other_servers.ts";
import { until } from "../support/waiting.ts";
import { Site } from "./trust_rig.ts";

/** Requests at a time. */
const AT_A_TIME = 16;

/** Passes connections on, and what comes first on each in two pieces. */
class Cutter implements Disposable {
  readonly #server;
  readonly #open = new Set<Socket>();
  /** Bytes of the first piece: on each connection one more than before, as long as there are so many. */
  #next = 1;
  /** Bytes that came first, up to the end of the head, where they came at once. */
  length = 0;

  private constructor(readonly host: string, readonly port: number) {
    this.#server = createServer((socket) => this.#pass(socket)).listen(0, "127.0.0.1");
  }

  static async before(host: string, port: number): Promise<Cutter> {
    const cutter = new Cutter(host, port);
    await until(() => cutter.#server.listening, "a port to listen on");
    return cutter;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** All cuts are made. */
  get done(): boolean {
    return this.length > 0 && this.#next >= this.length;
  }

  #pass(from: Socket): void {
    const to = connect({ host: this.host, port: this.port, noDelay: true });
    const cut = this.#next++;
    for (const socket of [from, to]) this.#open.add(socket.on("error", () => {}));
    from.on("close", () => to.destroy());
    to.on("close", () => from.destroy());
    to.pipe(from);
    let came = 0;
    from.on("data", (bytes: Uint8Array) => {
      const at = cut - came;
      came += bytes.length;
      this.length = Math.max(this.length, came);
      if (at <= 0 || at >= bytes.length) return void to.write(bytes);
      from.pause();
      // The front has its turn in between: it looks at the piece alone.
      to.write(bytes.subarray(0, at), () => {
        setTimeout(() => {
          to.write(bytes.subarray(at));
          from.resume();
        }, 2);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }
}

/** What a server answers a client at 127.0.0.2, on a connection of its own. */
function ask(port: number, tls: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: "/a", agent: false, localAddress: "127.0.0.2" } as const;
    const by = tls ? getByTls : get;
    by({ ...options, ...tls ? { rejectUnauthorized: false } : {} }, (response) => {
      let text = `${response.statusCode} `;
      response.on("data", (part) => text += part).on("error", reject).on("end", () => resolve(text));
    }).on("error", reject);
  });
}

const missing = noNginx ?? noHaproxy;

Deno.test({
  name: "what a real haproxy and a real nginx say is understood wherever it is cut" +
    (missing === undefined ? "" : ` (${missing})`),
  ignore: missing !== undefined,
  async fn() {
    await using site = await Site.start();
    const { directory } = site;
    using fields = await Cutter.before("127.0.0.1", site.fields);
    await using nginx = await OtherServer.nginx(
      directory,
      `
    ssl_certificate ${directory.join("site.pem")}; ssl_certificate_key ${directory.join("site.key")};
    location / {
      proxy_pass http://${fields.address};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }`,
      "ssl",
    );
    // Each way of haproxy's to say who asks: to an address where all come by https, whatever haproxy speaks with them, or with
    // TLS told of in the header.
    const options = "proxy-v2-options ssl,cert-cn,ssl-cipher,authority,crc32c,unique-id";
    const ways = [
      { how: "send-proxy-v2", tls: false, to: ["127.0.0.3", site.secured] },
      { how: "send-proxy", tls: false, to: ["127.0.0.3", site.secured] },
      { how: `send-proxy-v2-ssl ${options}`, tls: true, to: ["127.0.0.2", site.announced] },
    ] as const;
    const ssl = `ssl crt ${directory.join("both.pem")}`;
    using stack = new DisposableStack();
    const asked: {
      readonly how: string;
      readonly tls: boolean;
      readonly port: number;
      readonly cutter: Cutter;
      readonly said: string;
    }[] = [
      {
        how: "nginx",
        tls: true,
        port: nginx.port,
        cutter: fields,
        said: "200 page for 127.0.0.2, 127.0.0.2",
      },
    ];
    const sections: string[] = [];
    for (const [index, { how, tls, to: [host, port] }] of ways.entries()) {
      const cutter = stack.use(await Cutter.before(host, port));
      const own = freePort();
      asked.push({ how, tls, port: own, cutter, said: "200 page for 127.0.0.2, null" });
      sections.push(`
frontend f${index}
  bind 127.0.0.1:${own} ${tls ? ssl : ""}
  unique-id-format %{+X}o\\ %ci:%cp
  default_backend b${index}
backend b${index}
  server one ${cutter.address} ${how}`);
    }
    // Its health checks say LOCAL: the client is haproxy itself. One that fails would have it answer 503.
    const checks = `
  default_backend checked
backend checked
  option httpchk
  http-check send meth GET uri /relay/checked ver HTTP/1.1 hdr Host a.example
  http-check expect status 200
  server one 127.0.0.3:${site.secured} send-proxy-v2 check check-send-proxy inter 100 rise 1 fall 1`;
    await using haproxy = await OtherServer.haproxy(directory, checks + sections.join(""), ssl);
    for (const { how, tls, port, cutter, said } of asked) {
      await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
        do assert.equal(await ask(port, tls), said, how); while (!cutter.done);
      }));
      assert.ok(cutter.length > 60, `${how}: ${cutter.length} bytes`);
    }
    const checked = await until(() => {
      const said = site.told.filter(({ path }) => path.endsWith("checked"));
      return said.length > 2 ? said : undefined;
    }, () => `checks: ${haproxy.program.output} ${JSON.stringify(site.told)}`);
    const told = '127.0.0.1 | https | for=127.0.0.1;host="a.example";proto=https';
    assert.deepEqual(new Set(checked.map(({ said }) => said)), new Set([told]));
    assert.equal(await ask(haproxy.port, true), "200 page for 127.0.0.2, null");
  },
});
