import assert from "node:assert/strict";
import { findCommand } from "../../../src/backend/exec/command.ts";
import { baseEnvironment, connectionEnvironment } from "../../../src/backend/exec/environment.ts";
import { named, noOtherUser, ReadableCopy } from "../../support/other_user.ts";
import { TemporaryDirectory } from "../../support/processes.ts";

const text = (path: Uint8Array) => new TextDecoder().decode(path.subarray(0, -1));

Deno.test("findCommand() looks for a name in PATH, passing over what is not a program", () => {
  using directory = new TemporaryDirectory();
  for (const name of ["first", "second", "third"]) Deno.mkdirSync(directory.join(name));
  directory.write("first/tool", "");
  Deno.mkdirSync(directory.join("second/tool"));
  Deno.chmodSync(directory.write("third/tool", "#!/bin/sh\n"), 0o755);
  const path = ["nowhere", "first", "second", "third"].map((name) => directory.join(name)).join(":");
  assert.equal(text(findCommand(["tool", "-x"], [`PATH=${path}`]).path), directory.join("third/tool"));
  assert.equal(text(findCommand(["sh"], []).path), "/bin/sh", "without PATH as execvp has it");
});

Deno.test("findCommand() says why there is nothing to run", () => {
  using directory = new TemporaryDirectory();
  const file = directory.write("file", "");
  const environment = [`PATH=${directory.path}`];
  for (
    const [name, message] of [
      [
        "tool",
        'Cannot run "tool": no directory of PATH has such a program; name one that is there, or write its path',
      ],
      [
        "file",
        `Cannot run "${file}": it is not an executable file; name a program, or make it one (chmod +x)`,
      ],
      [file, `Cannot run "${file}": it is not an executable file; name a program, or make it one (chmod +x)`],
      [
        directory.path,
        `Cannot run "${directory.path}": it is not an executable file; name a program, or make it one (chmod +x)`,
      ],
      ["./tool", 'Cannot run "./tool": no such file or directory (ENOENT)'],
      [
        "",
        'Cannot run "": no directory of PATH has such a program; name one that is there, or write its path',
      ],
    ] as const
  ) {
    assert.throws(() => findCommand([name], environment), { name: "CommandError", message });
  }
});

Deno.test({
  ...named("findCommand() passes over directories that may not be searched, and names one", noOtherUser),
  async fn() {
    using copy = await ReadableCopy.make();
    using directory = new TemporaryDirectory();
    Deno.chmodSync(directory.path, 0o755);
    for (const name of ["closed", "open", "empty"]) {
      Deno.mkdirSync(directory.join(name));
      Deno.chmodSync(directory.join(name), name === "closed" ? 0o700 : 0o755);
    }
    for (const [name, mode] of [["closed/tool", 0o755], ["open/tool", 0o755], ["open/own", 0o700]] as const) {
      Deno.chmodSync(directory.write(name, "#!/bin/sh\n"), mode);
    }
    const { through, environment, installation } = copy.user;
    const path = (...names: string[]) => `PATH=${names.map((name) => directory.join(name)).join(":")}`;
    const found = async (name: string, ...environ: string[]) => {
      const script = "import { findCommand } from './src/backend/exec/command.ts';" +
        "try { console.log(new TextDecoder().decode(findCommand([Deno.args[0]], [Deno.args[1]]).path)) }" +
        "catch (error) { console.log(error.message) }";
      const { stdout, stderr } = await new Deno.Command(through[0]!, {
        args: [...through.slice(1), installation.deno, "eval", "--ext=ts", script, name, ...environ],
        cwd: installation.root,
        env: environment,
      }).output();
      return new TextDecoder().decode(stdout).replace(/\0?\n$/, "") || new TextDecoder().decode(stderr);
    };
    assert.equal(await found("tool", path("closed", "empty", "open")), directory.join("open/tool"));
    assert.equal(
      await found("tool", path("closed", "empty")),
      'Cannot run "tool": no directory of PATH that this user may search has such a program, and ' +
        `"${
          directory.join("closed")
        }" may not be searched; write the program's path, or have it where this user may run it`,
    );
    assert.match(
      await found("own", path("closed", "open")),
      /^Cannot run ".*open\/own": this user may not execute it \(chmod \+x\), or nothing/,
    );
    assert.match(
      await found(directory.join("closed/tool"), "PATH=/bin"),
      /^Cannot run ".*closed\/tool": this user may not search a directory on the way to it/,
    );
  },
});

Deno.test("baseEnvironment() passes on what is true for a program as well", () => {
  const environment = [
    "PATH=/bin",
    "HOME=/root",
    "NOTIFY_SOCKET=/run/notify",
    "WATCHDOG_USEC=1",
    "LISTEN_FDS=3",
    "TCPREMOTEHOST=forged",
    "TCP6REMOTEIP=::",
    "PROTO=SSL",
    "FDPASS_SITE=x",
    "REMOTE_ADDR=x",
    "REMOTE_CONTROL=mine",
  ];
  assert.deepEqual(baseEnvironment(environment), ["PATH=/bin", "HOME=/root", "REMOTE_CONTROL=mine"]);
});

Deno.test("connectionEnvironment() has both sets of names for IPv6, and leaves out what is not known", () => {
  const address = (hostname: string, port: number) => ({ transport: "tcp" as const, hostname, port });
  assert.deepEqual(connectionEnvironment({ client: address("2001:db8::1", 5), local: address("::1", 80) }), [
    "PROTO=TCP6",
    "TCP6REMOTEIP=2001:db8::1",
    "TCP6REMOTEPORT=5",
    "TCPREMOTEIP=2001:db8::1",
    "TCPREMOTEPORT=5",
    "TCP6LOCALIP=::1",
    "TCP6LOCALPORT=80",
    "TCPLOCALIP=::1",
    "TCPLOCALPORT=80",
    "REMOTE_ADDR=2001:db8::1",
    "REMOTE_PORT=5",
  ]);
  const unknown = address("", 0);
  assert.deepEqual(connectionEnvironment({ client: unknown, local: unknown }), ["PROTO=TCP"]);
  const mapped = connectionEnvironment({
    client: address("::ffff:192.0.2.1", 5),
    local: address("::ffff:192.0.2.2", 80),
  });
  assert.ok(mapped.includes("PROTO=TCP") && mapped.includes("TCPREMOTEIP=192.0.2.1"));
});
