/** The first configuration of somebody for whom nothing is prepared: cron, a container, su. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { OTHER_USER, type OtherUser, ReadableCopy } from "../support/other_user.ts";
import { FrontProgram, runProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

/** An ordinary user: another one where root runs this. */
interface Newcomer {
  readonly uid: number;
  readonly user: OtherUser | undefined;
}

async function withNewcomer(test: (newcomer: Newcomer) => Promise<void>): Promise<void> {
  if (Deno.uid() !== 0) return await test({ uid: Deno.uid()!, user: undefined });
  using copy = await ReadableCopy.make();
  await test({ uid: OTHER_USER, user: copy.user });
}

/** Runs a command with no variable but these. */
function bare({ user }: Newcomer, umask: string, variables: Readonly<Record<string, string>>) {
  // Packages have to be found all the same.
  const packages = user?.environment ?? { DENO_DIR: denoDirectory() };
  const words = Object.entries({ PATH: "/usr/bin:/bin", ...packages, ...variables });
  const set = ["env", "-i", ...words.map(([name, value]) => `${name}=${value}`)];
  return {
    permissions: ["--allow-all"],
    ...user,
    through: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...user?.through ?? [], ...set],
  };
}

function denoDirectory(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}

Deno.test("the README's configuration for Apache runs as an ordinary user with a bare environment", async (t) => {
  const server = createServer((_, response) => response.end("from the server"));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const input = `LoadModule proxy_fdpass_module modules/mod_proxy_fdpass.so
Listen 127.0.0.1:0
<VirtualHost *>
    ServerName example.com
    ProxyPass / http://127.0.0.1:${port}/
    ProxyPassReverse / http://127.0.0.1:${port}/
</VirtualHost>
`;
  try {
    await withNewcomer(async (newcomer) => {
      for (const umask of ["077", "002", "277"]) {
        await t.step(`umask ${umask}`, async () => {
          using directory = new TemporaryDirectory();
          Deno.chmodSync(directory.path, 0o1777);
          const options = bare(newcomer, umask, {
            TMPDIR: directory.path,
            LANG: "de_DE.UTF-8",
            TZ: "Nowhere/Odd",
          });
          await using front = await whenReady(new FrontProgram(["front", "-"], { ...options, input }));
          assert.equal((await get(front.port, "/")).text, "from the server");
          const path = `${directory.path}/fdpass-${newcomer.uid}`;
          const told =
            `fdpass: standard input: XDG_RUNTIME_DIR is not set, so sockets are in ${path}, which is for user ` +
            `${newcomer.uid} alone\n`;
          assert.ok(front.stderr.startsWith(told), front.stderr);
          assert.equal(front.stderr.split("XDG_RUNTIME_DIR").length, 2, "said once");
          const { mode, uid } = Deno.lstatSync(path);
          assert.deepEqual([mode! & 0o7777, uid], [0o700, newcomer.uid]);
          await front.stopCleanly();
        });
      }

      await t.step("not in what somebody else has put there first", async () => {
        using directory = new TemporaryDirectory();
        Deno.chmodSync(directory.path, 0o1777);
        const path = `${directory.path}/fdpass-${newcomer.uid}`;
        using elsewhere = new TemporaryDirectory();
        Deno.chmodSync(elsewhere.path, 0o777);
        Deno.symlinkSync(elsewhere.path, path);
        const options = bare(newcomer, "022", { TMPDIR: directory.path });
        for (const command of ["front", "up", "check"]) {
          const { code, stderr } = await runProgram([command, "-"], { ...options, input });
          assert.equal(code, 2);
          assert.match(
            stderr,
            /Cannot have sockets in ".*": there is something that is no directory; .*--run-dir\n$/,
          );
        }
        assert.deepEqual([...Deno.readDirSync(elsewhere.path)], []);
      });

      await t.step("a run directory that cannot be made is told in a sentence", async () => {
        const options = bare(newcomer, "022", {});
        const args = ["up", "-", "--run-dir", "/proc/self/run"];
        const { code, stderr } = await runProgram(args, { ...options, input });
        assert.equal(code, 1);
        assert.match(
          stderr,
          /Cannot make the directory "\/proc\/self\/run" for sockets: .*; make it, or write/,
        );
      });
    });
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});
