/** Relays whose servers speak TLS: real servers, and such as nobody should believe. */

import assert from "node:assert/strict";
import { makeCertificate } from "../support/certificates.ts";
import { noNginx, OtherServer } from "../support/other_servers.ts";
import { freePort } from "../support/ports.ts";
import { type FrontProgram, startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient, seededBytes } from "../support/raw_client.ts";

const MIB = 1 << 20;

/** A server for one connection at a time, until the end of a block. */
class Scripted {
  readonly #open = new Set<Deno.Conn>();
  readonly port: number;

  constructor(readonly listener: Deno.Listener, serve: (connection: Deno.Conn) => Promise<void>) {
    this.port = (listener.addr as Deno.NetAddr).port;
    void (async () => {
      for await (const connection of listener) {
        this.#open.add(connection);
        void serve(connection).catch(() => {});
      }
    })().catch(() => {});
  }

  /** Cuts all connections off, without a word. */
  cut(): void {
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // It has closed it itself.
      }
    }
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.listener.close();
    this.cut();
  }
}

async function head(connection: Deno.Conn): Promise<string> {
  let text = "";
  const bytes = new Uint8Array(4_096);
  while (!text.includes("\r\n\r\n")) {
    const length = await connection.read(bytes);
    if (length === null) throw new Error("no request");
    text += new TextDecoder().decode(bytes.subarray(0, length));
  }
  return text;
}

const write = async (connection: Deno.Conn, text: string) => {
  await connection.write(new TextEncoder().encode(text));
};

/** A relay for each of some servers, each at a path of its own. */
async function relays(
  directory: TemporaryDirectory,
  servers: Readonly<Record<string, object>>,
): Promise<FrontProgram> {
  return await startUp({
    listen: ["127.0.0.1:0"],
    sites: [{ routes: Object.keys(servers).map((name) => ({ path: `/${name}/`, to: name })) }],
    backends: Object.fromEntries(
      Object.entries(servers).map((
        [name, relay],
      ) => [name, { socket: directory.join(`${name}.sock`), ...relay }]),
    ),
  });
}

async function ask(front: FrontProgram, path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`http://127.0.0.1:${front.port}${path}`, init);
}

Deno.test({
  name: "a relay speaks TLS 1.2 and 1.3 to nginx: names, kept connections, sessions, content both ways" +
    (noNginx === undefined ? "" : ` (${noNginx})`),
  ignore: noNginx !== undefined,
  fn: async () => {
    using directory = new TemporaryDirectory();
    const authority = await makeCertificate(directory.path, "ca", { names: ["ca"], authority: true });
    const { certificate, key } = await makeCertificate(directory.path, "site", {
      names: ["localhost", "127.0.0.1"],
      by: "ca",
    });
    Deno.mkdirSync(directory.join("up"));
    Deno.chmodSync(directory.path, 0o755);
    Deno.chmodSync(directory.join("up"), 0o777);
    const older = freePort();
    await using server = await OtherServer.nginx(
      directory,
      `ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3; client_max_body_size 0;
       keepalive_requests 3;
       location /up/ { root ${directory.path}; dav_methods PUT; }
       location / { return 200 "$ssl_protocol $ssl_server_name $ssl_session_reused $ssl_alpn_protocol $http_host"; }
     }
     server {
       listen 127.0.0.1:${older} ssl; ssl_protocols TLSv1.2; keepalive_requests 3;
       ssl_certificate ${certificate}; ssl_certificate_key ${key};
       location / { return 200 "$ssl_protocol $ssl_server_name $ssl_session_reused $ssl_alpn_protocol $http_host"; }`,
      "ssl",
    );
    const tls = { certificateAuthorities: authority.certificate };
    await using front = await relays(directory, {
      newer: { upstream: `https://localhost:${server.port}`, tls },
      older: { upstream: `https://localhost:${older}`, tls },
      named: { upstream: `https://127.0.0.1:${server.port}`, tls: { ...tls, serverName: "localhost" } },
      refused: { upstream: `https://localhost:${older}`, tls: { ...tls, minVersion: "1.3" } },
      untrusted: { upstream: `https://localhost:${older}` },
    });
    const seen = async (name: string) => (await (await ask(front, `/${name}/x`)).text()).split(" ");
    for (
      const [name, version, port] of [["newer", "TLSv1.3", server.port], ["older", "TLSv1.2", older]] as const
    ) {
      const all = [];
      for (let round = 0; round < 7; round++) all.push(await seen(name));
      for (const [protocol, serverName, , alpn, host] of all) {
        assert.deepEqual([protocol, serverName, alpn, host], [
          version,
          "localhost",
          "http/1.1",
          `localhost:${port}`,
        ]);
      }
      // Three requests on each connection, and the second goes on with the session of the first.
      assert.deepEqual(all.map(([, , reused]) => reused), [".", ".", ".", "r", "r", "r", "r"]);
    }
    assert.deepEqual((await seen("named")).slice(0, 2), ["TLSv1.3", "localhost"]);
    for (const name of ["refused", "untrusted"]) {
      const response = await ask(front, `/${name}/x`);
      assert.equal(response.status, 502);
      assert.doesNotMatch(await response.text(), /certificate|TLS/);
    }

    const content = seededBytes(16 * MIB, 1);
    const put = await ask(front, "/newer/up/file", { method: "PUT", body: content });
    assert.equal(put.status, 201);
    await put.body?.cancel();
    assert.deepEqual(Deno.readFileSync(directory.join("up/file")), content);
    const got = new Uint8Array(await (await ask(front, "/newer/up/file")).arrayBuffer());
    assert.ok(got.length === content.length && got.every((byte, at) => byte === content[at]));
    const { code, stderr } = await front.stop();
    assert.equal(code, 0);
    assert.match(stderr, /not trusted \(unable to get local issuer certificate\); name the authority/);
    assert.match(stderr, /there is no TLS with it at 127\.0\.0\.1:\d+: .*protocol version/);
  },
});

Deno.test("servers that nobody should believe get nothing of a request, and the log says why", async () => {
  using directory = new TemporaryDirectory();
  const authority = await makeCertificate(directory.path, "ca", { names: ["ca"], authority: true });
  const tls = { certificateAuthorities: authority.certificate };
  let asked = 0;
  const proof = async (name: string, options: object) => {
    const { certificate, key } = await makeCertificate(directory.path, name, options);
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: Deno.readTextFileSync(certificate),
      key: Deno.readTextFileSync(key),
    });
    return new Scripted(listener, async (connection) => {
      await head(connection);
      asked++;
    });
  };
  using expired = await proof("expired", { by: "ca", days: -1 });
  using other = await proof("other", { by: "ca", names: ["other.test"] });
  using own = await proof("own", {});
  using plain = new Scripted(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    await write(connection, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    connection.close();
  });
  using silent = new Scripted(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async () => {});
  using slow = new Scripted(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    // The beginning of a record, a byte at a time: the pace is what this server is about.
    for (const byte of [22, 3, 3, 64, ...new Array(1_000).fill(2)]) {
      await connection.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  using gone = new Scripted(Deno.listen({ hostname: "127.0.0.1", port: 0 }), (connection) => {
    connection.close();
    return Promise.resolve();
  });
  const at = ({ port }: Scripted) => ({ upstream: `https://localhost:${port}`, tls, connectTimeout: "30s" });
  await using front = await relays(directory, {
    expired: at(expired),
    other: at(other),
    own: at(own),
    plain: at(plain),
    gone: at(gone),
    silent: { ...at(silent), connectTimeout: "1s" },
    slow: { ...at(slow), connectTimeout: "1s" },
  });
  const names = ["expired", "other", "own", "plain", "gone", "silent", "slow"];
  const statuses = Object.fromEntries(
    await Promise.all(names.map(async (name) => {
      const response = await ask(front, `/${name}/`);
      await response.body?.cancel();
      return [name, response.status];
    })),
  );
  assert.deepEqual(statuses, {
    expired: 502,
    other: 502,
    own: 502,
    plain: 502,
    gone: 502,
    silent: 504,
    slow: 504,
  });
  assert.equal(asked, 0);
  const { code, stderr } = await front.stop();
  assert.equal(code, 0);
  for (
    const why of [
      /certificate has expired\); renew it there/,
      /its certificate \(CN=other\.test\) is not about "localhost"; call the server by a name/,
      /\(self-signed certificate\); name the authority that has signed it/,
      /what it says is no TLS \(.*\); write http:\/\/ if it speaks clear text/,
    ]
  ) assert.match(stderr, why);
  assert.equal(stderr.match(/did not finish the TLS handshake .* in time/g)?.length, 2);
});

Deno.test("what a server says behind TLS ends with close_notify, or is broken", async () => {
  using directory = new TemporaryDirectory();
  const { certificate, key } = await makeCertificate(directory.path, "own", { names: ["localhost"] });
  using server = new Scripted(
    Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: Deno.readTextFileSync(certificate),
      key: Deno.readTextFileSync(key),
    }),
    async (connection) => {
      const request = await head(connection);
      if (request.startsWith("GET /socket ")) {
        await write(
          connection,
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
        );
        await connection.readable.pipeTo(connection.writable);
        return;
      }
      await write(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart");
      if (request.startsWith("GET /whole ")) await (connection as Deno.TlsConn).closeWrite();
    },
  );
  // Between the relay and the server, so that the connection can be cut without a word of TLS.
  using between = new Scripted(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (connection) => {
    const onward = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await Promise.all([
      connection.readable.pipeTo(onward.writable, { preventClose: true }),
      onward.readable.pipeTo(connection.writable, { preventClose: true }),
    ]);
  });
  await using front = await relays(directory, {
    a: { upstream: `https://localhost:${between.port}`, tls: { certificateAuthorities: certificate } },
  });
  assert.equal(await (await ask(front, "/a/whole")).text(), "part");

  using client = await RawClient.connect(front.port);
  await client.write("GET /a/cut HTTP/1.1\r\nHost: x\r\n\r\n");
  const text = await client.through("part");
  between.cut();
  assert.doesNotMatch(text + new TextDecoder().decode(await client.rest()), /\r\n0\r\n\r\n$/);

  using socket = await RawClient.connect(front.port);
  await socket.write(
    "GET /a/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly",
  );
  await socket.through("early");
  const much = seededBytes(4 * MIB, 2);
  const [echoed] = await Promise.all([socket.bytes(much.length), socket.write(much)]);
  assert.ok(echoed.every((byte, at) => byte === much[at]));
  socket.close();
  assert.equal((await front.stop()).code, 0);
});
