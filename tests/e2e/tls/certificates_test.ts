// New certificates under load, the end of a process for handshakes, and what a scanner finds.
import assert from "node:assert/strict";
import { Agent, get as httpsGet } from "node:https";
import type { TLSSocket } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import { childNamed } from "../../support/lossless.ts";
import { isInstalled } from "../../support/other_programs.ts";
import { until } from "../../support/waiting.ts";
import { client, large, NAME, SecureSite } from "./site.ts";

/** One request; the fingerprint of the certificate that its connection showed. */
function ask(site: SecureSite, agent: Agent, path = "/files/a.txt"): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent, servername: NAME, rejectUnauthorized: false };
    httpsGet(`https://127.0.0.1:${site.port}${path}`, options, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      let text = "";
      response.on("data", (part) => text += part).on("error", reject).on(
        "end",
        () =>
          text.includes("a file")
            ? resolve(fingerprint256)
            : reject(new Error(`${response.statusCode} ${text}`)),
      );
    }).on("error", reject);
  });
}

Deno.test("new certificates in the middle of 10,000 requests fail none of them, and new handshakes show the new one", async () => {
  await using site = await SecureSite.start();
  const kept = new Agent({ keepAlive: true, maxSockets: 8 });
  const fresh = new Agent({ keepAlive: false });
  const before = await ask(site, fresh);
  const process = childNamed(site.up.pid, "tls");
  let sent = 0;
  const failures: unknown[] = [];
  const worker = async () => {
    while (sent < 10_000) {
      sent++;
      // Mostly on kept connections, and now and then with a handshake.
      await ask(site, sent % 40 === 0 ? fresh : kept).catch((error) => failures.push(error));
    }
  };
  const workers = Array.from({ length: 8 }, worker);
  for (let round = 1; round <= 3; round++) {
    await until(() => sent > round * 2_500, "requests");
    await makeCertificate(site.directory.path, "site", { names: [NAME, "127.0.0.1"], by: "ca" });
    site.up.signal("SIGHUP");
  }
  await Promise.all(workers);
  assert.deepEqual(failures, []);
  // A session that is resumed shows the certificate that it began with.
  const unacquainted = new Agent({ keepAlive: false, maxCachedSessions: 0 });
  const after = await until(async () => {
    const shown = await ask(site, unacquainted);
    return shown !== before && shown;
  }, "the new certificate");
  assert.notEqual(after, before);
  // No process was replaced for it.
  assert.equal(childNamed(site.up.pid, "tls"), process);
  // One that cannot be used changes nothing.
  site.directory.write("site.pem", "no certificate\n");
  site.up.signal("SIGHUP");
  await site.up.message(/the new configuration is not used.*site\.pem/);
  assert.equal(await ask(site, fresh), after);
  kept.destroy();
  fresh.destroy();
  await site.up.stopCleanly();
});

Deno.test("the end of the process for handshakes takes its own connections with it, and another one begins", async () => {
  await using site = await SecureSite.start();
  const plain = `http://${NAME}:${site.plainPort}/files/large.bin`;
  const out = site.directory.join("large");
  // In clear text nobody notices.
  const download = client("curl", ["-sS", "--noproxy", "*", "--limit-rate", "8M", "-o", out, plain]);
  const before = childNamed(site.up.pid, "tls")!;
  Deno.kill(before, "SIGKILL");
  await until(() => {
    const now = childNamed(site.up.pid, "tls");
    return now !== undefined && now !== before;
  }, "another process");
  const fresh = new Agent({ keepAlive: false });
  await ask(site, fresh);
  await download;
  assert.deepEqual(Deno.readFileSync(out), large());
  await site.up.stopCleanly();
});

Deno.test("sslscan finds no old protocol, no weak cipher, and no known attack", {
  ignore: !isInstalled("sslscan", "--version"),
}, async () => {
  await using site = await SecureSite.start();
  const text = await client("sslscan", ["--no-colour", `--sni-name=${NAME}`, `127.0.0.1:${site.port}`]);
  for (const version of ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"]) {
    assert.match(text, new RegExp(`^${version.replace(".", "\\.")} +disabled`, "m"));
  }
  for (const version of ["TLSv1.2", "TLSv1.3"]) assert.match(text, new RegExp(`^${version} +enabled`, "m"));
  assert.match(text, /Session renegotiation not supported/);
  assert.match(text, /Server supports TLS Fallback SCSV/);
  assert.doesNotMatch(text, /Compression enabled/);
  assert.equal(text.match(/not vulnerable to heartbleed/g)?.length, 2);
  const ciphers = [...text.matchAll(/^(?:Preferred|Accepted) +TLSv1\.\d +(\d+) bits +(\S+)/gm)];
  assert.ok(ciphers.length >= 5, text);
  for (const [, bits, name] of ciphers) {
    assert.ok(Number(bits) >= 128, name);
    assert.match(name!, /^(TLS_|ECDHE-).*(GCM|CHACHA20|POLY1305)/);
  }
  // A client cannot ask for keys that take long to agree on.
  const groups = [...text.matchAll(/^TLSv1\.3 +\d+ bits +(x\d+|secp\w+|ffdhe\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(groups.toSorted(), ["secp256r1", "secp384r1", "x25519"]);
  assert.match(text, /^Signature Algorithm: +ecdsa-with-SHA256/m);
  await site.up.stopCleanly();
});

const EXAMPLES = new URL("../../../examples/", import.meta.url).pathname;

Deno.test(
  "a site that does TLS itself gets its connections as they came, and other languages serve clear text",
  {
    ignore: !isInstalled("python3", "-V"),
  },
  async () => {
    const run = (socket: string, file: string, ...more: readonly string[]) =>
      new Deno.Command("python3", {
        args: [`${EXAMPLES}python/${file}`, socket, ...more],
        stdout: "null",
        stderr: "inherit",
      }).spawn();
    await using site = await SecureSite.start({}, {
      routes: [{ path: "/files/", to: "files" }, { path: "/", to: "fd://run/python.sock" }],
    });
    await makeCertificate(site.directory.path, "own", { names: ["own.test"], by: "ca" });
    const configuration = JSON.parse(Deno.readTextFileSync(site.directory.join("fdpass.json")));
    configuration.sites.push({ names: ["own.test"], tls: "pass", to: "fd://run/own.sock" });
    site.directory.write("fdpass.json", JSON.stringify(configuration));
    const programs = [
      run(site.directory.join("run/python.sock"), "threaded_backend.py"),
      run(
        site.directory.join("run/own.sock"),
        "tls_backend.py",
        site.directory.join("own.pem"),
        site.directory.join("own.key"),
      ),
    ];
    try {
      site.up.signal("SIGHUP");
      await site.up.message(/backend own found/);
      await site.up.message(/backend python found/);
      const common = [
        "-sS",
        "--noproxy",
        "*",
        "--cacert",
        site.authority,
        "--resolve",
        `own.test:${site.port}:127.0.0.1`,
      ];
      const texts = await client("curl", [...common, `https://own.test:${site.port}/`, `${site.url}/x`]);
      assert.match(
        texts,
        /^Hello over TLSv1\.3, this is Python\.\nHello .*, this is Python\. You asked for \/x\./,
      );
    } finally {
      for (const program of programs) {
        program.kill("SIGTERM");
        await program.status;
      }
    }
    await site.up.stopCleanly();
  },
);
