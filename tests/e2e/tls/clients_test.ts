// Clients that nobody here wrote, over TLS, on one kept connection through every kind of backend.
import assert from "node:assert/strict";
import { isInstalled, OtherProgram } from "../../support/other_programs.ts";
import { get } from "../../support/raw_client.ts";
import { until } from "../../support/waiting.ts";
import { client, large, NAME, SecureSite } from "./site.ts";

const PATHS = ["/files/a.txt", "/cgi/x", "/relay/x", "/x", "/files/a.txt"];

function check(texts: readonly string[], version: string): void {
  const [file, cgi, relayed, told, again] = texts.map((text) => text.trim());
  assert.deepEqual([file, cgi, relayed, again], ["a file", `on ${version} https`, "relayed https", "a file"]);
  const { url, tls } = JSON.parse(told!);
  assert.match(url, /^https:\/\/(localhost|127\.0\.0\.1):\d+\/x$/);
  assert.equal(tls.protocol, version);
}

const here = await SecureSite.start();
globalThis.addEventListener("unload", () => {
  try {
    here.up.signal("SIGKILL");
  } catch {
    // It has ended.
  }
});

for (const [version, option] of [["TLSv1.2", "1.2"], ["TLSv1.3", "1.3"]] as const) {
  Deno.test(`curl: five requests, each at its own route, one connection: ${version}`, async () => {
    const out = here.directory.path;
    const files = PATHS.map((_, index) => `${out}/curl-${option}-${index}`);
    const args = [
      "-sS",
      "--cacert",
      here.authority,
      `--tlsv${option}`,
      "--tls-max",
      option,
      "--noproxy",
      "*",
    ];
    const wanted = PATHS.flatMap((path, index) => ["-o", files[index]!, here.url + path]);
    const counts = await client("curl", [...args, "-w", "%{num_connects} %{http_code}\\n", ...wanted]);
    assert.deepEqual(counts.trim().split("\n"), ["1 200", "0 200", "0 200", "0 200", "0 200"]);
    check(files.map((file) => Deno.readTextFileSync(file)), version);
  });

  Deno.test(`openssl s_client: a session goes on, and the end is said: ${version}`, async () => {
    const session = `${here.directory.path}/session-${option}`;
    const common = [
      "s_client",
      "-connect",
      `127.0.0.1:${here.port}`,
      "-servername",
      NAME,
      "-CAfile",
      here.authority,
      "-verify_return_error",
      version === "TLSv1.2" ? "-tls1_2" : "-tls1_3",
      "-ign_eof",
    ];
    const input = `GET /x HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`;
    const first = await client("openssl", [...common, "-sess_out", session], { input });
    assert.match(first, /\nNew, TLSv1\.[23], Cipher is /);
    assert.match(first, /"resumed":false/);
    const second = await client("openssl", [...common, "-sess_in", session], { input });
    assert.match(second, /\nReused, TLSv1\.[23], Cipher is /);
    assert.match(second, /"resumed":true/);
    // Without close_notify it says "unexpected eof".
    assert.match(second, /\nclosed\n?$|\nDONE\n?$|closed/);
  });
}

Deno.test("a large file arrives as it is", async () => {
  const path = `${here.directory.path}/large`;
  const args = ["-sS", "--cacert", here.authority, "--noproxy", "*", "-o", path];
  await client("curl", [...args, `${here.url}/files/large.bin`]);
  assert.deepEqual(Deno.readFileSync(path), large());
});

Deno.test("wget", { ignore: !isInstalled("wget", "-V") }, async () => {
  const args = ["-q", "--no-proxy", `--ca-certificate=${here.authority}`, "-O", "-"];
  check(
    [await client("wget", [...args, ...PATHS.map((path) => here.url + path)])].flatMap((text) => {
      const told = /\{.*\}/.exec(text)![0];
      return ["a file", /on TLSv1\.\d https/.exec(text)![0], /relayed https/.exec(text)![0], told, "a file"];
    }),
    "TLSv1.3",
  );
});

const NODE = `
const https = require("node:https");
const [base, ca, ...paths] = process.argv.slice(2);
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: require("node:fs").readFileSync(ca) });
const sockets = new Set();
(async () => {
  const texts = [];
  for (const path of paths) {
    texts.push(await new Promise((resolve, reject) => {
      https.get(base + path, { agent }, (response) => {
        sockets.add(response.socket);
        let text = "";
        response.on("data", (part) => text += part).on("end", () => resolve(text));
      }).on("error", reject);
    }));
  }
  console.log(JSON.stringify({ texts, sockets: sockets.size }));
  agent.destroy();
})();
`;
Deno.test("Node: one socket of an agent", { ignore: !isInstalled("node", "-v") }, async () => {
  const script = here.directory.write("client.cjs", NODE);
  const { texts, sockets } = JSON.parse(await client("node", [script, here.url, here.authority, ...PATHS]));
  check(texts, "TLSv1.3");
  assert.equal(sockets, 1);
});

const PYTHON = `
import http.client, json, ssl, sys
host, port, ca, *paths = sys.argv[1:]
connection = http.client.HTTPSConnection(host, int(port), context=ssl.create_default_context(cafile=ca))
connection.connect()
number, texts = connection.sock.fileno(), []
for path in paths:
    connection.request("GET", path)
    texts.append(connection.getresponse().read().decode())
    assert connection.sock is not None and connection.sock.fileno() == number
print(json.dumps(texts))
`;
Deno.test("Python: one connection of http.client", { ignore: !isInstalled("python3", "-V") }, async () => {
  const script = here.directory.write("client.py", PYTHON);
  check(
    JSON.parse(await client("python3", [script, NAME, String(here.port), here.authority, ...PATHS])),
    "TLSv1.3",
  );
});

const GO = `package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
)

func main() {
	pem, _ := os.ReadFile(os.Args[2])
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	texts, fresh := []string{}, 0
	for _, path := range os.Args[3:] {
		request, _ := http.NewRequest("GET", os.Args[1]+path, nil)
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if !info.Reused {
				fresh++
			}
		}}
		response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
		if err != nil {
			panic(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		texts = append(texts, string(text))
	}
	out, _ := json.Marshal(map[string]any{"texts": texts, "fresh": fresh})
	fmt.Println(string(out))
}
`;
Deno.test("Go: one connection of net/http", { ignore: !isInstalled("go", "version") }, async () => {
  const script = here.directory.write("client.go", GO);
  const { texts, fresh } = JSON.parse(
    await client("go", ["run", script, here.url, here.authority, ...PATHS], {
      env: { HOME: Deno.env.get("HOME") ?? "/root" },
    }),
  );
  check(texts, "TLSv1.3");
  assert.equal(fresh, 1);
});

Deno.test("Chromium: a page, a file, a WebSocket and a stream of events", {
  ignore: !isInstalled("chromium", "--version"),
}, async () => {
  await using _browser = new OtherProgram("chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-proxy-server",
    "--ignore-certificate-errors",
    `--user-data-dir=${here.directory.path}/profile`,
    `${here.url}/page`,
  ]);
  const said = await until(async () => {
    const { status, text } = await get(here.plainPort, "/said", NAME);
    return status === 200 && (JSON.parse(text) ?? undefined);
  }, "what the page has to say");
  assert.deepEqual(said, ["https:", "a file", "echo hello", "onetwo"]);
});

Deno.test("clear text on the address, and TLS on another one, are told apart", async () => {
  const answer = await client("curl", ["-sS", "--noproxy", "*", `http://${NAME}:${here.port}/`]);
  assert.match(answer, /^400 Bad Request[^]*https:\/\//);
  await client("curl", ["-sS", "--noproxy", "*", `https://${NAME}:${here.plainPort}/`], { fails: true });
  await here.up.message(/closed a connection unanswered, because the client speaks TLS/);
});

Deno.test("nobody is left with anything, and everything ends by itself", async () => {
  await here.up.stopCleanly();
  await here[Symbol.asyncDispose]();
});
