// Whose certificates count: authorities in a file and in a directory, and how many may stand between. As mod_ssl has it;
// the client is openssl.
import assert from "node:assert/strict";
import { close } from "../../../ffi/mod.ts";
import type { TLS_DEFAULTS } from "../../../src/config/tls.ts";
import { makeCertificate, openssl } from "../../support/certificates.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { ASKED, directory, settings, site, TlsRig } from "./rig.ts";

const at = (name: string) => `${directory}/${name}`;
function join(name: string, ...parts: readonly string[]): void {
  Deno.writeTextFileSync(at(name), parts.map((part) => Deno.readTextFileSync(at(part))).join(""));
}

// ca ← between ← lower ← a client's; of each client's own the chain is in the file, as clients send it.
await makeCertificate(directory, "between", { names: ["Between"], authority: true, by: "ca" });
await makeCertificate(directory, "lower", { names: ["Lower"], authority: true, by: "between" });
await makeCertificate(directory, "second", { names: ["Second Client"], client: true, by: "between" });
await makeCertificate(directory, "third", { names: ["Third Client"], client: true, by: "lower" });
join("client.chain", "client.pem");
join("stranger.chain", "stranger.pem");
join("second.chain", "second.pem", "between.pem");
join("second.alone", "second.pem");
join("third.chain", "third.pem", "lower.pem", "between.pem");
join("ca-and-between.pem", "ca.pem", "between.pem");
join("ca-and-stranger.pem", "ca.pem", "stranger.pem");
for (const [name, ...files] of [["hashed", "ca"], ["unhashed", "ca"], ["self", "ca", "stranger"]]) {
  Deno.mkdirSync(at(name!));
  for (const file of files) Deno.copyFileSync(at(`${file}.pem`), at(`${name}/${file}.pem`));
  if (name !== "unhashed") await openssl(directory, "rehash", name!);
}
Deno.writeTextFileSync(at("hashed/README"), "no certificate\n");
Deno.writeTextFileSync(at("hashed/damaged.pem"), Deno.readTextFileSync(at("ca.pem")).slice(0, 200));
Deno.mkdirSync(at("hashed/more"));

type Settings = Partial<typeof TLS_DEFAULTS>;

/** A client's handshake. @returns the subject that comes of it, empty without a certificate; undefined when it is refused */
async function shake(it: TlsRig, ...more: readonly string[]): Promise<string | undefined> {
  const child = new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${it.port}`, "-servername", "one.test", "-ign_eof", ...more],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const asking = child.stdin.getWriter();
  await asking.write(new TextEncoder().encode(ASKED));
  await asking.close().catch(() => {});
  let ended = false;
  const over = child.output().then(() => ended = true);
  const before = it.front.returned.length;
  await it.handOver();
  const came = await it.rig.until(
    () => it.front.returned.length > before ? "back" : ended ? "nowhere" : undefined,
    "the end of a handshake",
  );
  let subject: string | undefined;
  if (came === "back") {
    const { fd, state } = await it.returned();
    close(fd);
    subject = state.client?.subject ?? "";
  }
  await it.rig.until(() => ended, "openssl to end");
  await over;
  return subject;
}

const showing = (name: string, chain = `${name}.chain`) =>
  ["-cert", at(`${name}.pem`), "-key", at(`${name}.key`)].concat(
    chain.endsWith(".alone") ? [] : ["-cert_chain", at(chain)],
  );

/** All shakes of one configuration in one process. */
function test(name: string, settingsOf: Settings, body: (it: TlsRig) => Promise<void>): void {
  Deno.test(name, () =>
    withoutLeaks(async () => {
      const it = new TlsRig(
        settings([site(["one.test"], ["one"], { clientCertificates: "required", ...settingsOf })]),
      );
      try {
        it.front = await it.rig.front();
        await body(it);
      } finally {
        it.close();
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }));
}

const SECOND = "CN=Second Client";
const THIRD = "CN=Third Client";
const CLIENT = "CN=Some Client";
for (
  const [what, settingsOf, taken, refused] of [
    ["an authority's own", { clientAuthorities: at("ca.pem") }, { client: CLIENT }, ["second", "third"]],
    ["one in between", { clientAuthorities: at("ca.pem"), clientVerifyDepth: 2 }, {
      client: CLIENT,
      second: SECOND,
    }, ["third", "second.alone", "stranger"]],
    ["two in between", { clientAuthorities: at("ca.pem"), clientVerifyDepth: 3 }, { third: THIRD }, []],
    ["one in between that is in the file", { clientAuthorities: at("ca-and-between.pem") }, {}, ["second"]],
    [
      "one in between that is in the file, and may be there",
      { clientAuthorities: at("ca-and-between.pem"), clientVerifyDepth: 2 },
      { "second.alone": SECOND },
      [],
    ],
    ["nobody above", { clientAuthorities: at("ca-and-stranger.pem"), clientVerifyDepth: 0 }, {
      stranger: "CN=A Stranger",
    }, ["client", "second"]],
    ["nobody above, of a directory", { clientAuthoritiesDirectory: at("self"), clientVerifyDepth: 0 }, {
      stranger: "CN=A Stranger",
    }, ["client"]],
    ["a directory", { clientAuthoritiesDirectory: at("hashed") }, { client: CLIENT }, ["second", "stranger"]],
    [
      "a directory and one in between",
      {
        clientAuthoritiesDirectory: at("hashed"),
        clientVerifyDepth: 2,
      },
      { second: SECOND },
      ["third"],
    ],
    [
      "a directory beside a file",
      {
        clientAuthorities: at("stranger.pem"),
        clientAuthoritiesDirectory: at("hashed"),
      },
      { client: CLIENT, stranger: "CN=A Stranger" },
      [],
    ],
    ["a directory without hashed names", { clientAuthoritiesDirectory: at("unhashed") }, {}, ["client"]],
  ] as const satisfies readonly (readonly [string, Settings, Record<string, string>, readonly string[]])[]
) {
  test(`certificates of clients: ${what}`, settingsOf, async (it) => {
    for (const [index, [name, subject]] of Object.entries(taken as Record<string, string>).entries()) {
      const version = index % 2 === 0 ? "-tls1_3" : "-tls1_2";
      const shown = showing(name.split(".")[0]!, name.includes(".") ? name : undefined);
      assert.equal(await shake(it, version, ...shown), subject, name);
    }
    for (const [index, name] of refused.entries()) {
      const version = index % 2 === 0 ? "-tls1_3" : "-tls1_2";
      const shown = showing(name.split(".")[0]!, name.includes(".") ? name : undefined);
      assert.equal(await shake(it, version, ...shown), undefined, name);
    }
  });
}

test(
  "without a certificate nobody has to vouch for one, also where none may stand above it",
  { clientCertificates: "optional", clientAuthorities: at("ca.pem"), clientVerifyDepth: 0 },
  async (it) => {
    assert.equal(await shake(it), "");
    assert.equal(await shake(it, ...showing("client")), undefined);
  },
);

for (const version of ["-tls1_2", "-tls1_3"]) {
  test(
    `a session does not go on where nobody may stand above any more: ${version}`,
    { clientCertificates: "optional", clientAuthorities: at("ca.pem") },
    async (it) => {
      const kept = at("depth-session");
      assert.equal(await shake(it, version, ...showing("client"), "-sess_out", kept), CLIENT);
      assert.equal(await shake(it, version, ...showing("client"), "-sess_in", kept), CLIENT);
      const strict = {
        clientCertificates: "optional" as const,
        clientAuthorities: at("ca.pem"),
        clientVerifyDepth: 0,
      };
      it.rig.server.follow(settings([site(["one.test"], ["one"], strict)]), new Uint8Array(80).fill(7));
      assert.equal(await shake(it, version, ...showing("client"), "-sess_in", kept), undefined);
    },
  );
}
