// What `fdpass check` says of keys and certificates.
import assert from "node:assert/strict";
import { makeCertificate, openssl } from "../support/certificates.ts";
import { type Ending, runProgram, TemporaryDirectory } from "../support/processes.ts";

const ALL = { permissions: ["--allow-all"] };

async function check(
  directory: TemporaryDirectory,
  files: object,
  ...args: readonly string[]
): Promise<Ending> {
  const site = { names: ["one.test"], to: "fd:///run/a.sock", ...files };
  const path = directory.write(
    "fdpass.json",
    JSON.stringify({ listen: { address: "127.0.0.1:8443", tls: true }, sites: [site] }),
  );
  return await runProgram(["check", path, "--run-dir", directory.path, ...args], ALL);
}

Deno.test("check shows certificates, and refuses what does not belong together", async () => {
  using directory = new TemporaryDirectory();
  const at = directory.path;
  await makeCertificate(at, "good", { names: ["one.test"] });
  await makeCertificate(at, "soon", { names: ["one.test"], days: 5 });
  await makeCertificate(at, "old", { names: ["one.test"], days: -2 });
  await makeCertificate(at, "other", { names: ["other.test"] });
  await openssl(at, "pkey", "-in", "good.key", "-aes256", "-passout", "pass:x", "-out", "encrypted.key");
  const pair = (name: string, key = name) => ({ certificate: `${name}.pem`, key: `${key}.key` });

  const good = await check(directory, pair("good"));
  assert.equal(good.code, 0, good.stderr);
  assert.match(
    good.stdout,
    /\nCertificates\n {2}\S+\/good\.pem: ECDSA, CN=one\.test, until \d{4}-\d\d-\d\d\n$/,
  );
  assert.equal(good.stderr, "");
  for (
    const [files, code, said] of [
      [pair("soon"), 0, /soon\.pem" counts until \S+ only: renew it/],
      [pair("old"), 0, /old\.pem" counts no more since \S+: clients refuse it/],
      [pair("other"), 0, /other\.pem" does not count for one\.test/],
      [pair("good", "other"), 2, /Cannot use the certificate "\S+good\.pem": the key does not belong to it/],
      [pair("good", "encrypted"), 2, /Cannot use the key "\S+encrypted\.key": it is encrypted/],
      [pair("good", "none"), 2, /Cannot use the key "\S+none\.key": no such file or directory/],
      [
        { certificate: ["good.pem", "soon.pem"], key: ["good.key", "soon.key"] },
        2,
        /the site has another one with a key of the kind ECDSA/,
      ],
      [{ ...pair("good"), tls: { ciphers: "NONE-SUCH" } }, 2, /Cannot use the ciphers "NONE-SUCH"/],
    ] as const
  ) {
    const ending = await check(directory, files);
    assert.match(ending.stderr, said);
    assert.equal(ending.code, code, ending.stderr);
  }
  const json = await check(directory, pair("good", "other"), "--json");
  assert.equal(json.code, 2);
  assert.match(JSON.parse(json.stdout).problems[0].message, /the key does not belong to it/);
  assert.match(
    JSON.parse((await check(directory, pair("soon"), "--json")).stdout).warnings[0].message,
    /renew it/,
  );
});

Deno.test("check reads what relays go by when they speak TLS", async () => {
  using directory = new TemporaryDirectory();
  const at = directory.path;
  await makeCertificate(at, "good", { names: ["one.test"] });
  await makeCertificate(at, "other", { names: ["one.test"] });
  directory.write("garbage.pem", "no certificate\n");
  const both = (key: string) =>
    directory.write(
      `with-${key}`,
      Deno.readTextFileSync(directory.join("good.pem")) + Deno.readTextFileSync(directory.join(key)),
    );
  for (
    const [line, code, said] of [
      [`SSLProxyVerify require\nSSLProxyCACertificateFile ${at}/good.pem`, 0, /^$/],
      [`SSLProxyMachineCertificateFile ${both("good.key")}`, 0, /^$/],
      [`SSLProxyVerify require\nSSLProxyCACertificateFile ${at}/none.pem`, 2, /none\.pem/],
      [`SSLProxyVerify require\nSSLProxyCACertificateFile ${at}/garbage.pem`, 2, /garbage\.pem/],
      [`SSLProxyVerify require\nSSLProxyCACertificatePath ${at}/none`, 0, /there is no directory "\S+none"/],
      [`SSLProxyMachineCertificateFile ${at}/none.pem`, 2, /none\.pem/],
      [`SSLProxyMachineCertificateFile ${both("other.key")}`, 2, /with-other\.key/],
    ] as const
  ) {
    const path = directory.write(
      "site.conf",
      `Listen 127.0.0.1:8080\nSSLProxyEngine On\n${line}\nProxyPass / https://127.0.0.1:9443/\n`,
    );
    const ending = await runProgram(["check", path, "--run-dir", at], ALL);
    assert.match(ending.stderr, said, line);
    assert.equal(ending.code, code, `${line}: ${ending.stderr}`);
  }
});
