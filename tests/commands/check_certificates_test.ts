// What `fdpass check` says of keys and certificates.
import assert from "node:assert/strict";
import { makeCertificate, openssl } from "../support/certificates.ts";
import { type CommandEnding, runCommandLines } from "../support/command_lines.ts";
import { TemporaryDirectory } from "../support/processes.ts";

/** A site with keys and certificates, checked. */
interface Case {
  readonly files: object;
  readonly json?: true;
  readonly code: number;
  /** What is to be on standard error, or in JSON. */
  readonly said: RegExp;
}

function check(
  directory: TemporaryDirectory,
  paths: readonly (readonly string[])[],
): Promise<CommandEnding[]> {
  const lines = paths.map((path) => ["check", ...path, "--run-dir", directory.path]);
  return runCommandLines(lines, ["--allow-all"]);
}

Deno.test("check shows certificates, and refuses what does not belong together", async () => {
  using directory = new TemporaryDirectory();
  const at = directory.path;
  await makeCertificate(at, "good", { names: ["one.test"] });
  await makeCertificate(at, "soon", { names: ["one.test"], days: 5 });
  await makeCertificate(at, "old", { names: ["one.test"], days: -2 });
  await makeCertificate(at, "other", { names: ["other.test"] });
  await openssl(at, "pkey", "-in", "good.key", "-aes256", "-passout", "pass:x", "-out", "encrypted.key");
  await makeCertificate(at, "ca", { names: ["An Authority"], authority: true });
  await makeCertificate(at, "between", { names: ["Between"], authority: true, by: "ca" });
  for (const name of ["hashed", "empty", "partly"]) Deno.mkdirSync(directory.join(name));
  for (const name of ["hashed", "partly"]) {
    Deno.copyFileSync(directory.join("ca.pem"), directory.join(`${name}/ca.pem`));
    await openssl(at, "rehash", name);
  }
  Deno.copyFileSync(directory.join("other.pem"), directory.join("partly/other.pem"));
  const asking = (tls: object) => ({ ...pair("good"), tls: { clientCertificates: "required", ...tls } });
  const pair = (name: string, key = name) => ({ certificate: `${name}.pem`, key: `${key}.key` });

  const cases: readonly Case[] = [
    { files: pair("good"), code: 0, said: /^$/ },
    { files: pair("soon"), code: 0, said: /soon\.pem" counts until \S+ only: renew it/ },
    { files: pair("old"), code: 0, said: /old\.pem" counts no more since \S+: clients refuse it/ },
    { files: pair("other"), code: 0, said: /other\.pem" does not count for one\.test/ },
    {
      files: pair("good", "other"),
      code: 2,
      said: /Cannot use the certificate "\S+good\.pem": the key does not belong to it/,
    },
    {
      files: pair("good", "encrypted"),
      code: 2,
      said: /Cannot use the key "\S+encrypted\.key": it is encrypted/,
    },
    {
      files: pair("good", "none"),
      code: 2,
      said: /Cannot use the key "\S+none\.key": no such file or directory/,
    },
    {
      files: { certificate: ["good.pem", "soon.pem"], key: ["good.key", "soon.key"] },
      code: 2,
      said: /the site has another one with a key of the kind ECDSA/,
    },
    {
      files: { ...pair("good"), tls: { ciphers: "NONE-SUCH" } },
      code: 2,
      said: /Cannot use the ciphers "NONE-SUCH"/,
    },
    {
      files: asking({ clientAuthoritiesDirectory: "none" }),
      code: 2,
      said: /"\S+none": no such file or dir/,
    },
    {
      files: asking({ clientAuthoritiesDirectory: "good.pem" }),
      code: 2,
      said: /good\.pem": not a directory/,
    },
    { files: asking({ clientAuthoritiesDirectory: "hashed" }), code: 0, said: /^$/ },
    {
      files: asking({ clientAuthoritiesDirectory: "empty" }),
      code: 0,
      said: /no client is trusted by anything in "\S+empty", for .*: run openssl rehash "\S+empty"/,
    },
    {
      files: asking({ clientAuthoritiesDirectory: "partly" }),
      code: 0,
      said: /no client is trusted by other\.pem in "\S+partly"/,
    },
    {
      files: asking({ clientAuthorities: "between.pem" }),
      code: 0,
      said:
        /CN=Between is among the authorities of clients, and signed by another: .* with a depth of 1; write 2/,
    },
    { files: asking({ clientAuthorities: "between.pem", clientVerifyDepth: 2 }), code: 0, said: /^$/ },
    { files: pair("good", "other"), json: true, code: 2, said: /the key does not belong to it/ },
    { files: pair("soon"), json: true, code: 0, said: /renew it/ },
  ];
  const paths = cases.map(({ files, json }, index) => {
    const site = { names: ["one.test"], to: "fd:///run/a.sock", ...files };
    const listen = { address: "127.0.0.1:8443", tls: true };
    const path = directory.write(`${index}.json`, JSON.stringify({ listen, sites: [site] }));
    return json ? [path, "--json"] : [path];
  });
  const endings = await check(directory, paths);
  for (const [index, { json, code, said }] of cases.entries()) {
    const ending = endings[index]!;
    assert.equal(ending.code, code, ending.stderr);
    if (json) {
      const { problems, warnings } = JSON.parse(ending.stdout);
      assert.match((code === 0 ? warnings : problems)[0].message, said);
    } else assert.match(ending.stderr, said);
  }
  assert.match(
    endings[0]!.stdout,
    /\nCertificates\n {2}\S+\/good\.pem: ECDSA, CN=one\.test, until \d{4}-\d\d-\d\d\n$/,
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
  const cases = [
    [`SSLProxyVerify require\nSSLProxyCACertificateFile ${at}/good.pem`, 0, /^$/],
    [`SSLProxyMachineCertificateFile ${both("good.key")}`, 0, /^$/],
    [`SSLProxyVerify require\nSSLProxyCACertificateFile ${at}/none.pem`, 2, /none\.pem/],
    [`SSLProxyVerify require\nSSLProxyCACertificateFile ${at}/garbage.pem`, 2, /garbage\.pem/],
    [`SSLProxyVerify require\nSSLProxyCACertificatePath ${at}/none`, 0, /there is no directory "\S+none"/],
    [`SSLProxyMachineCertificateFile ${at}/none.pem`, 2, /none\.pem/],
    [`SSLProxyMachineCertificateFile ${both("other.key")}`, 2, /with-other\.key/],
  ] as const;
  const paths = cases.map(([line], index) => [
    directory.write(
      `${index}.conf`,
      `Listen 127.0.0.1:8080\nSSLProxyEngine On\n${line}\nProxyPass / https://127.0.0.1:9443/\n`,
    ),
  ]);
  const endings = await check(directory, paths);
  for (const [index, [line, code, said]] of cases.entries()) {
    const ending = endings[index]!;
    assert.match(ending.stderr, said, line);
    assert.equal(ending.code, code, `${line}: ${ending.stderr}`);
  }
});
