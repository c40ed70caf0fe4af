// Sessions go on in a later connection: in another process with the same keys, but not at another site, nor after the keys
// have changed. The client is openssl, which can keep a session in a file.
import assert from "node:assert/strict";
import { close } from "../../../ffi/mod.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { ASKED, directory, settings, site, TlsRig } from "./rig.ts";

/** What everybody goes by here. The last one has the first one's names and certificate, and asks for more. */
const SITES = settings([
  site(["one.test"], ["one"]),
  site(["two.test"], ["two"]),
  site(["asking.test"], ["one"], {
    clientCertificates: "optional",
    clientAuthorities: `${directory}/ca.pem`,
  }),
  site(["off.test"], ["one"], { sessionTickets: false }),
]);
const KEYS = new Uint8Array(80).fill(7);

const VERSIONS = ["1_2", "1_3"] as const;

/** A handshake of openssl, which keeps or brings a session. @returns whether one went on, as both sides see it */
async function shake(
  it: TlsRig,
  version: string,
  name: string,
  how: "-sess_out" | "-sess_in",
  file: string,
  ...more: readonly string[]
): Promise<boolean> {
  const child = new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${it.port}`, "-servername", name, `-tls${version}`, "-ign_eof"]
      .concat(how, `${directory}/${file}`, more),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const asking = child.stdin.getWriter();
  await asking.write(new TextEncoder().encode(ASKED));
  await asking.close();
  let said: string | undefined;
  const over = child.output().then(({ stdout }) => said = new TextDecoder().decode(stdout));
  await it.handOver();
  const { fd, state } = await it.returned();
  close(fd);
  await it.rig.until(() => said !== undefined, "openssl to end");
  await over;
  assert.match(said!, state.resumed ? /\nReused, TLS/ : /\nNew, TLS/);
  return state.resumed;
}

/** A test with so many processes that share keys. */
function test(name: string, processes: number, body: (...rigs: TlsRig[]) => Promise<void>): void {
  Deno.test(name, () =>
    withoutLeaks(async () => {
      const rigs = Array.from({ length: processes }, () => new TlsRig(SITES, KEYS));
      try {
        for (const rig of rigs) rig.front = await rig.rig.front();
        await body(...rigs);
      } finally {
        for (const rig of rigs) rig.close();
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }));
}

test(
  "TLS 1.2 goes on without a ticket, in the same process and at the same site alone",
  2,
  async (first, second) => {
    const shakeWithout = (it: TlsRig, name: string, how: "-sess_out" | "-sess_in") =>
      shake(it, "1_2", name, how, "ticketless", "-no_ticket");
    assert.equal(await shakeWithout(first!, "one.test", "-sess_out"), false);
    for (let time = 0; time < 2; time++) {
      assert.equal(await shakeWithout(first!, "one.test", "-sess_in"), true);
    }
    assert.equal(await shakeWithout(second!, "one.test", "-sess_in"), false);
    assert.equal(await shakeWithout(first!, "asking.test", "-sess_in"), false);
    assert.equal(await shakeWithout(first!, "off.test", "-sess_out"), false);
    assert.equal(await shakeWithout(first!, "off.test", "-sess_in"), false);
  },
);

for (const version of VERSIONS) {
  test(`a session goes on in another process: TLS ${version}`, 2, async (first, second) => {
    assert.equal(await shake(first!, version, "one.test", "-sess_out", "session"), false);
    for (const it of [second!, first!]) {
      assert.equal(await shake(it, version, "one.test", "-sess_in", "session"), true);
    }
  });

  test(`a session goes on after a reload, and with other keys no more: TLS ${version}`, 1, async (it) => {
    await shake(it!, version, "one.test", "-sess_out", "session");
    it!.rig.server.follow(SITES, KEYS);
    assert.equal(await shake(it!, version, "one.test", "-sess_in", "session"), true);
    it!.rig.server.follow(SITES, new Uint8Array(80).fill(8));
    assert.equal(await shake(it!, version, "one.test", "-sess_in", "session"), false);
  });

  test(
    `a session ends with the authorities of clients under which it began: TLS ${version}`,
    1,
    async (it) => {
      const authorities = (...names: readonly string[]) =>
        Deno.writeTextFileSync(
          `${directory}/authorities.pem`,
          names.map((name) => Deno.readTextFileSync(`${directory}/${name}.pem`)).join(""),
        );
      authorities("ca", "stranger");
      const asking = () =>
        settings([
          site(["asking.test"], ["one"], {
            clientCertificates: "optional",
            clientAuthorities: `${directory}/authorities.pem`,
          }),
        ]);
      const { server } = it!.rig;
      server.follow(asking(), KEYS);
      await shake(it!, version, "asking.test", "-sess_out", "session");
      server.follow(asking(), KEYS);
      assert.equal(await shake(it!, version, "asking.test", "-sess_in", "session"), true);
      authorities("ca");
      server.follow(asking(), KEYS);
      assert.equal(await shake(it!, version, "asking.test", "-sess_in", "session"), false);
    },
  );

  test(`a session counts at its own site alone: TLS ${version}`, 1, async (it) => {
    for (const own of ["one.test", "two.test", "asking.test"]) {
      await shake(it!, version, own, "-sess_out", "session");
      for (const name of ["one.test", "two.test", "asking.test"]) {
        const went = await shake(it!, version, name, "-sess_in", "session");
        assert.equal(went, name === own, `${own} at ${name}`);
      }
    }
  });

  test(`without tickets each handshake is a whole one: TLS ${version}`, 1, async (it) => {
    await shake(it!, version, "off.test", "-sess_out", "none");
    const kept = await Deno.stat(`${directory}/none`).catch(() => undefined);
    if (kept !== undefined) assert.equal(await shake(it!, version, "off.test", "-sess_in", "none"), false);
  });
}
