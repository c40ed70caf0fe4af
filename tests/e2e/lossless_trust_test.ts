/** Who may be at the other end of a channel, and what may be in the way of a socket. */

import assert from "node:assert/strict";
import { found, startApplication, startWith } from "../support/lossless.ts";
import { named, noOtherUser, OTHER_USER, ReadableCopy } from "../support/other_user.ts";
import { ALLOW_LIBC, fixture, runProgram, startUp, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

/** A directory that the other user can use too. */
function sharedDirectory(): TemporaryDirectory {
  const directory = new TemporaryDirectory();
  Deno.chmodSync(directory.path, 0o777);
  return directory;
}

Deno.test({
  ...named("a channel between users", noOtherUser),
  async fn(t) {
    using copy = await ReadableCopy.make();
    using directory = sharedDirectory();

    await t.step("a backend of another user gets no connections unless allowUsers names it", async () => {
      const socket = directory.join("other.sock");
      await using _backend = await startApplication(socket, ["--mode", "666"], copy.user);
      const configuration = {
        listen: ["127.0.0.1:0"],
        sites: [{ to: `fd://${socket}` }],
        queueTimeout: "200ms",
      };
      await using wary = await startWith("front", configuration);
      await wary.message(
        new RegExp(`cannot be reached at .*: it belongs to user ${OTHER_USER}, which allowUsers`),
      );
      assert.equal((await get(wary.port, "/")).status, 503);
      await using trusting = await startWith("front", {
        ...configuration,
        queueTimeout: "2m",
        allowUsers: [OTHER_USER],
      });
      await found(trusting, "other");
      assert.equal((await get(trusting.port, "/?id=1")).status, 200);
    });

    await t.step("a front of another user hands over nothing unless --allow-user names it", async () => {
      const socket = directory.join("own.sock");
      const configuration = {
        listen: ["127.0.0.1:0"],
        sites: [{ to: `fd://${socket}` }],
        queueTimeout: "200ms",
      };
      await using front = await startWith("front", configuration, [], copy.user);
      {
        await using wary = await startApplication(socket, ["--mode", "666"]);
        await wary.message(new RegExp(`refused a front of user ${OTHER_USER}`));
        await front.message(new RegExp(`user ${OTHER_USER} may not hand over to this backend`));
        assert.equal((await get(front.port, "/")).status, 503);
        await wary.stop();
      }
      await using _trusting = await startApplication(socket, [
        "--mode",
        "666",
        "--allow-user",
        `${OTHER_USER}`,
      ]);
      await found(front, "own");
      assert.equal((await get(front.port, "/?id=1")).status, 200);
    });

    await t.step("and cannot even connect to a socket of mode 600", async () => {
      const socket = directory.join("closed.sock");
      await using _backend = await startApplication(socket, ["--allow-user", `${OTHER_USER}`]);
      const configuration = {
        listen: ["127.0.0.1:0"],
        sites: [{ to: `fd://${socket}` }],
        queueTimeout: "200ms",
      };
      await using front = await startWith("front", configuration, [], copy.user);
      await front.message(/cannot be reached at .*EACCES/);
      assert.equal((await get(front.port, "/")).status, 503);
    });

    await t.step(
      "a socket file that fdpass up makes has the mode and the owner of the configuration",
      async () => {
        const socket = directory.join("modes.sock");
        await using _up = await startUp({
          listen: ["127.0.0.1:0"],
          sites: [{ to: "modes" }],
          backends: {
            modes: { socket, fetch: fixture("lossless_app.ts"), mode: "640", owner: 1, group: OTHER_USER },
          },
        });
        const { mode, uid, gid } = Deno.lstatSync(socket);
        assert.deepEqual([mode! & 0o777, uid, gid], [0o640, 1, OTHER_USER]);
      },
    );
  },
});

Deno.test("what is in the way of a backend's socket", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  const fetch = fixture("lossless_app.ts");
  const tryToStart = async (path: string) => {
    const { code, stderr, stdout } = await runProgram(["backend", "--socket", path, "--fetch", fetch], {
      permissions: [ALLOW_LIBC, `--allow-read=${fetch}`],
    });
    assert.equal(stdout, "");
    return { code, stderr };
  };

  await t.step("permissions are 600 unless said otherwise, and as said", async () => {
    await using _closed = await startApplication(socket);
    assert.equal(Deno.lstatSync(socket).mode! & 0o777, 0o600);
    await using _open = await startApplication(directory.join("open.sock"), ["--mode", "660"]);
    assert.equal(Deno.lstatSync(directory.join("open.sock")).mode! & 0o777, 0o660);
  });

  await t.step("a socket file that a killed process has left is replaced", async () => {
    assert.ok(Deno.lstatSync(socket).isSocket, "the step before has left one");
    await using backend = await startApplication(socket);
    await backend.stopCleanly();
    assert.throws(() => Deno.lstatSync(socket), Deno.errors.NotFound);
  });

  await t.step("a path where another backend listens is refused, and not disturbed", async () => {
    await using backend = await startApplication(socket);
    const inode = Deno.lstatSync(socket).ino;
    const { code, stderr } = await tryToStart(socket);
    assert.equal(code, 1);
    assert.match(stderr, /^fdpass: Cannot listen on ".*": another backend listens there; .*--take-over\n$/);
    assert.equal(Deno.lstatSync(socket).ino, inode);
    await using next = await startApplication(socket, ["--take-over"]);
    await backend.stopCleanly();
    assert.notEqual(Deno.lstatSync(socket).ino, inode, "the path leads to the new one, and stays");
    await next.stopCleanly();
  });

  await t.step("a path that is no socket is refused, and left as it is", async () => {
    const file = directory.write("file", "content");
    for (const [path, what] of [[file, "a file that is no socket"], [directory.path, "a directory"]]) {
      const { code, stderr } = await tryToStart(path!);
      assert.equal(code, 1);
      assert.ok(stderr.includes(`there is ${what}; remove it`), stderr);
    }
    assert.equal(Deno.readTextFileSync(file), "content");
    const { code, stderr } = await tryToStart(directory.join("none/app.sock"));
    assert.equal(code, 1);
    assert.match(stderr, /its directory does not exist; make it first/);
  });
});
