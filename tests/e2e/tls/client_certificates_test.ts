// Whose certificates are let in: the words of mod_ssl, beside a real Apache that has them. The client is curl.
import assert from "node:assert/strict";
import { Apache, noApache } from "../../support/apache.ts";
import { makeCertificate, openssl } from "../../support/certificates.ts";
import { freePort } from "../../support/ports.ts";
import { startUpFrom, TemporaryDirectory } from "../../support/processes.ts";
import { client } from "./site.ts";

/** What each of the hosts says of its clients. */
const HOSTS = [
  "SSLVerifyClient require\nSSLCACertificateFile both.pem",
  "SSLVerifyClient require\nSSLCACertificateFile both.pem\nSSLVerifyDepth 0",
  "SSLVerifyClient require\nSSLCACertificateFile both.pem\nSSLVerifyDepth 1",
  "SSLVerifyClient require\nSSLCACertificateFile both.pem\nSSLVerifyDepth 2",
  "SSLVerifyClient require\nSSLCACertificatePath hashed\nSSLVerifyDepth 1",
  "SSLVerifyClient require\nSSLCACertificatePath hashed\nSSLVerifyDepth 2",
  "SSLVerifyClient require\nSSLCACertificatePath unhashed",
  "SSLVerifyClient optional\nSSLCACertificateFile between.pem\nSSLCACertificatePath hashed\nSSLVerifyDepth 2",
  // The main server's, once for those that say nothing else.
  "SSLVerifyClient require",
];
const OUTSIDE = "SSLVerifyDepth 2\nSSLCACertificateFile both.pem";

/** What clients show: a certificate, alone or with the one above it. */
const SHOWN = ["", "client", "stranger", "second", "second.chain"];

async function makeFiles({ path }: TemporaryDirectory): Promise<void> {
  const text = (name: string) => Deno.readTextFileSync(`${path}/${name}.pem`);
  await makeCertificate(path, "ca", { names: ["An Authority"], authority: true });
  await makeCertificate(path, "between", { names: ["Between"], authority: true, by: "ca" });
  await makeCertificate(path, "site", { names: ["localhost"], by: "ca" });
  await makeCertificate(path, "client", { names: ["Client"], client: true, by: "ca" });
  await makeCertificate(path, "second", { names: ["Second Client"], client: true, by: "between" });
  await makeCertificate(path, "stranger", { names: ["A Stranger"], client: true });
  Deno.writeTextFileSync(`${path}/second.chain.pem`, text("second") + text("between"));
  Deno.writeTextFileSync(`${path}/both.pem`, text("ca") + text("stranger"));
  for (const name of ["hashed", "unhashed"]) {
    Deno.mkdirSync(`${path}/${name}`);
    Deno.writeTextFileSync(`${path}/${name}/ca.pem`, text("ca"));
  }
  await openssl(path, "rehash", "hashed");
}

Deno.test({
  name: "clients get in with the certificates that mod_ssl takes" +
    (noApache === undefined ? "" : ` (${noApache})`),
  ignore: noApache !== undefined,
  async fn() {
    using directory = new TemporaryDirectory();
    const at = directory.path;
    await makeFiles(directory);
    const hosts = (ports: readonly number[]) =>
      [
        OUTSIDE,
        ...HOSTS.map((words, index) =>
          `Listen 127.0.0.1:${ports[index]}\n<VirtualHost 127.0.0.1:${
            ports[index]
          }>\nServerName localhost\n` +
          `SSLEngine On\nSSLCertificateFile ${at}/site.pem\nSSLCertificateKeyFile ${at}/site.key\n${words}\n` +
          "Redirect 302 / https://elsewhere.test/\n</VirtualHost>"
        ),
      ].join("\n").replace(
        /^(SSLCACertificate(?:File|Path)) (?!\/)/gm,
        (_, word) => `${word} ${at}/`,
      );
    const ours = HOSTS.map(freePort), theirs = HOSTS.map(freePort);
    using atApache = new TemporaryDirectory();
    await using _apache = await Apache.start(atApache, ["ssl", "alias"], hosts(theirs));
    await using up = await startUpFrom(directory.write("httpd.conf", hosts(ours)));

    /** What each of the hosts says, in one run of curl: 000 to those that it refuses. */
    const ask = async (ports: readonly number[], name: string, version: string) => {
      const shown = name === ""
        ? []
        : ["--cert", `${at}/${name}.pem`, "--key", `${at}/${name.split(".")[0]}.key`];
      const each = ports.map((port) => [
        ...["-s", "-o", "/dev/null", "-w", "%{http_code}\n", "--noproxy", "*"],
        ...["--cacert", `${at}/ca.pem`, `--tlsv${version}`, "--tls-max", version, ...shown],
        `https://localhost:${port}/`,
      ]);
      const args = each.flatMap((one, index) => index === 0 ? one : ["--next", ...one]);
      return (await client("curl", args, { fails: true })).trim().split("\n");
    };
    for (const version of ["1.2", "1.3"]) {
      for (const name of SHOWN) {
        const [here, there] = await Promise.all([ask(ours, name, version), ask(theirs, name, version)]);
        assert.equal(here.length, HOSTS.length);
        assert.deepEqual(here, there, `TLS ${version}, ${name || "nothing"}`);
        if (name === "second.chain") assert.deepEqual(here.slice(2, 6), ["000", "302", "000", "302"]);
      }
    }
    await up.message(/no client is trusted by ca\.pem in ".*unhashed".*run openssl rehash/);
    await up.stopCleanly();
  },
});
