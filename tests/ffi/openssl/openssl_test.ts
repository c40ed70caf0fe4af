import assert from "node:assert/strict";
import { close, libc, libcPath, MSG_DONTWAIT, settle, unixSocketPair } from "../../../ffi/mod.ts";
import {
  BROKEN,
  type Certificate,
  Context,
  type ContextOptions,
  openSslVersion,
  type PrivateKey,
  readCertificates,
  readPrivateKey,
  Session,
  WANTS_READ,
} from "../../../ffi/openssl/mod.ts";
import { openSslCandidates } from "../../../ffi/openssl/paths.ts";
import { makeCertificate, openssl } from "../../support/certificates.ts";
import { withoutLeaks } from "../../support/descriptors.ts";

const directory = await Deno.makeTempDir({ prefix: "fdpass-openssl-" });
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
await makeCertificate(directory, "ca", { names: ["An Authority"], authority: true });
await makeCertificate(directory, "ec", { names: ["localhost", "*.example.test", "127.0.0.1"], by: "ca" });
await makeCertificate(directory, "rsa", { kind: "rsa" });
await makeCertificate(directory, "old", { days: -3 });
await openssl(
  directory,
  "pkey",
  "-in",
  "ec.key",
  "-aes256",
  "-passout",
  "pass:secret",
  "-out",
  "encrypted.key",
);
await openssl(
  directory,
  "ec",
  "-in",
  "ec.key",
  "-aes128",
  "-passout",
  "pass:secret",
  "-out",
  "traditional.key",
);

function file(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(`${directory}/${name}`);
}

function certificates(...names: readonly string[]): Certificate[] {
  return names.flatMap((name) => readCertificates(file(name), `Cannot use ${name}`));
}

function key(name: string): PrivateKey {
  return readPrivateKey(file(name), `Cannot use ${name}`);
}

const SETTINGS: Omit<ContextOptions, "identities"> = {
  minVersion: "1.2",
  maxVersion: "1.3",
  ciphers: "ECDHE+AESGCM",
  cipherSuites: "TLS_AES_128_GCM_SHA256",
  serverOrder: false,
  sessionContext: new Uint8Array([1]),
  clientCertificates: "off",
  clientAuthorities: [],
  namedAuthorities: [],
  clientVerifyDepth: 1,
  kernel: false,
};

Deno.test("a certificate says who it is about, for which names it counts, and until when", () => {
  const [certificate] = certificates("ec.pem");
  assert.equal(certificate!.subject, "CN=localhost");
  assert.equal(certificate!.issuer, "CN=An Authority");
  assert.match(certificate!.serial, /^[0-9A-F]{8,}$/);
  assert.match(certificate!.fingerprint, /^[0-9a-f]{64}$/);
  const days = (certificate!.notAfter - Date.now()) / 86_400_000;
  assert.ok(days > 29 && days < 31, `${days} days`);
  assert.ok(certificate!.notBefore < Date.now());
  assert.deepEqual(
    ["localhost", "www.example.test", "example.test", "other.test", ""].map((name) =>
      certificate!.covers(name)
    ),
    [true, true, false, false, false],
  );
  certificate!.free();
  const [old] = certificates("old.pem");
  assert.ok(old!.notAfter < Date.now());
  old!.free();
});

Deno.test("keys say their kind", () => {
  for (const [name, kind, bits] of [["ec.key", "ECDSA", 256], ["rsa.key", "RSA", 2048]] as const) {
    const found = key(name);
    assert.deepEqual([found.kind, found.bits], [kind, bits]);
    found.free();
  }
});

Deno.test("a chain is read in its order", async () => {
  await Deno.writeFile(`${directory}/chain.pem`, new Uint8Array([...file("ec.pem"), ...file("ca.pem")]));
  const chain = certificates("chain.pem");
  assert.deepEqual(chain.map(({ subject }) => subject), ["CN=localhost", "CN=An Authority"]);
  for (const certificate of chain) certificate.free();
});

const damaged = () => {
  const text = new TextDecoder().decode(file("ec.pem")).split("\n");
  const middle = text.findIndex((line) => line.startsWith("-----BEGIN")) + 2;
  text[middle] = text[middle]!.slice(4);
  return new TextEncoder().encode(text.join("\n"));
};
for (
  const [what, take, message] of [
    [
      "an empty file",
      () => readCertificates(new Uint8Array(0), "Cannot use x"),
      "Cannot use x: the file is empty",
    ],
    [
      "a key for a certificate",
      () => certificates("ec.key"),
      "Cannot use ec.key: there is no certificate in it (a block that begins with -----BEGIN CERTIFICATE-----)",
    ],
    [
      "a damaged certificate",
      () => readCertificates(damaged(), "Cannot use x"),
      "Cannot use x: certificate 1 in it is damaged",
    ],
    [
      "a certificate for a key",
      () => key("ec.pem"),
      "Cannot use ec.pem: there is no private key in it (a block that begins with -----BEGIN PRIVATE KEY-----)",
    ],
    ...["encrypted.key", "traditional.key"].map((name) =>
      [
        `an encrypted key: ${name}`,
        () => key(name),
        `Cannot use ${name}: it is encrypted, and nobody is there to be asked for its passphrase; ` +
        "write it without one (openssl pkey -in KEY -out NEW), readable by root alone",
      ] as const
    ),
    [
      "a key that is another's",
      () =>
        context({
          identities: [{ chain: certificates("ec.pem"), key: key("rsa.key"), name: "the certificate x" }],
        }),
      "Cannot use the certificate x: the key does not belong to it",
    ],
    [
      "a key whose certificate comes behind another one",
      () => {
        const chain = [...certificates("ca.pem"), ...certificates("ec.pem")];
        return context({ identities: [{ chain, key: key("ec.key"), name: "the certificate x" }] });
      },
      "Cannot use the certificate x: the key belongs to number 2 in it; write that first, " +
      "and those that lead to an authority behind it",
    ],
    [
      "ciphers that do not exist",
      () => context({ ciphers: "NONE-SUCH" }),
      'Cannot use the ciphers "NONE-SUCH": no cipher match',
    ],
    [
      "cipher suites that do not exist",
      () => context({ cipherSuites: "TLS_NONE" }),
      'Cannot use the cipher suites "TLS_NONE": no cipher match',
    ],
  ] as const
) {
  Deno.test(`a sentence says what is wrong: ${what}`, () => {
    assert.throws(take as () => unknown, { name: "OpenSslError", message });
  });
}

function context(changes: Partial<ContextOptions>): Context {
  const identities = changes.identities ??
    [{ chain: certificates("ec.pem"), key: key("ec.key"), name: "ec" }];
  return new Context({ ...SETTINGS, ...changes, identities });
}

Deno.test("a handshake of which nothing comes waits, garbage breaks it, and neither leaves anything open", async () => {
  await withoutLeaks(() => {
    const made = context({});
    for (const [sent, outcome] of [[[], WANTS_READ], [[22, 3, 1, 0, 5, 1, 2, 3, 4, 5], BROKEN]] as const) {
      const [ours, theirs] = unixSocketPair(1);
      const session = new Session(made, ours);
      const bytes = new Uint8Array(sent);
      if (bytes.length > 0) settle(libc.send(theirs, bytes, BigInt(bytes.length), MSG_DONTWAIT));
      assert.equal(session.accept(), outcome);
      if (outcome === BROKEN) assert.notEqual(session.failure, "");
      session.free();
      close(ours);
      close(theirs);
    }
    made.free();
  });
});

Deno.test("the libraries are found at a usual path, and their version is told", () => {
  assert.match(openSslVersion, /^3\.\d+\.\d+$/);
  assert.deepEqual(openSslCandidates("aarch64")[0], {
    crypto: "/usr/lib/aarch64-linux-gnu/libcrypto.so.3",
    ssl: "/usr/lib/aarch64-linux-gnu/libssl.so.3",
  });
  assert.deepEqual(openSslCandidates("riscv64"), []);
});

const [paths] = openSslCandidates(Deno.build.arch);
Deno.test("the two libraries and libc are all that --allow-ffi need name", async () => {
  const module = `${directory}/load.ts`;
  const door = import.meta.resolve("../../../ffi/openssl/mod.ts");
  await Deno.writeTextFile(
    module,
    `try { console.log((await import(${
      JSON.stringify(door)
    })).openSslVersion); } catch (e) { console.log(e.name, e.message); }`,
  );
  const run = async (allowed: string) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", `--allow-ffi=${allowed}`, module],
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  assert.equal(await run(`${libcPath},${paths!.crypto},${paths!.ssl}`), openSslVersion);
  assert.equal(
    await run(libcPath),
    `UnsupportedSystemError Calling OpenSSL is not allowed; run again with --allow-ffi=${paths!.crypto},${
      paths!.ssl
    }`,
  );
});
