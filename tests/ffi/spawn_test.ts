import assert from "node:assert/strict";
import {
  adopt,
  createMemoryFile,
  cString,
  type Descriptor,
  ENOENT,
  Epoll,
  EPOLLIN,
  expect,
  initialEnvironment,
  libc,
  openNull,
  openProcess,
  pipe,
  reap,
  reapProcess,
  rewind,
  settle,
  SIGKILL,
  signalGroup,
  SIGTERM,
  spawn,
  type SpawnOptions,
  StringArray,
  utf8,
} from "../../ffi/mod.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { childrenOf } from "../support/proc.ts";
import { PATIENCE } from "../support/waiting.ts";
import { collectGarbage } from "./garbage.ts";

const { read, write } = libc;

/** Starts a shell whose output and errors come through a pipe. */
function shell(
  held: Held,
  script: string,
  options: Partial<SpawnOptions> = {},
): { readonly process: number; readonly output: Descriptor } {
  const [output, end] = held.keepBoth(pipe());
  const stdin = held.keep(adopt(expect(openNull(), "Cannot open the null device")));
  const process = spawn({
    path: cString("/bin/sh"),
    argv: new StringArray(["sh", "-c", script]),
    envp: new StringArray(["PATH=/usr/bin:/bin"]),
    stdin,
    stdout: end,
    stderr: end,
    ...options,
  });
  held.close(end);
  held.close(stdin);
  return { process: expect(process, "Cannot run a shell"), output };
}

/** Everything up to the end. */
function readAll(fd: Descriptor): string {
  const piece = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const length = expect(settle(read(fd, piece, 65_536n)), "Cannot read");
    if (length === 0) return text;
    text += new TextDecoder().decode(piece.subarray(0, length));
  }
}

function end(process: number): void {
  signalGroup(process, SIGKILL);
  reapProcess(process);
}

Deno.test("spawn() gives a child three descriptors, whatever else is open, and a session of its own", () =>
  withoutLeaks(() => {
    using held = new Held();
    // One that was opened without O_CLOEXEC, as what a careless parent leaves.
    const careless = held.keep(
      adopt(expect(settle(libc.fcntl(0, 0, /* F_DUPFD */ 100)), "Cannot duplicate")),
    );
    assert.ok(careless >= 100);
    const { process, output } = shell(held, `ls /proc/$$/fd; cut -d' ' -f1,5,6 /proc/$$/stat`);
    assert.equal(readAll(output), `0\n1\n2\n${process} ${process} ${process}\n`);
    reapProcess(process);
  }));

Deno.test("spawn() gives a child default signals, none of them blocked", () =>
  withoutLeaks(() => {
    using held = new Held();
    const { process, output } = shell(held, "exec grep -E '^Sig(Ign|Blk)' /proc/self/status");
    assert.match(readAll(output), /^SigBlk:\s0+\nSigIgn:\s0+\n$/);
    reapProcess(process);
  }));

Deno.test("spawn() passes arguments and environment on byte by byte, and nothing else", () =>
  withoutLeaks(() => {
    using held = new Held();
    const { process, output } = shell(held, "", {
      argv: new StringArray([
        "sh",
        "-c",
        `printf '%s|' "$@"; tr '\\0' ',' </proc/$$/environ`,
        "sh",
        utf8("grüße"),
        "",
      ]),
      envp: new StringArray(["C=c\xe4"], new StringArray(["A=a", "B="])),
    });
    assert.equal(readAll(output), "grüße||A=a,B=,C=c\ufffd,");
    reapProcess(process);
  }));

Deno.test("spawn() sets the limit on descriptors of the child alone", () =>
  withoutLeaks(() => {
    using held = new Held();
    const limits = () => Deno.readTextFileSync("/proc/self/limits");
    const before = limits();
    const { process, output } = shell(held, "ulimit -n", { descriptors: 77 });
    assert.equal(readAll(output), "77\n");
    assert.equal(limits(), before);
    reapProcess(process);
  }));

Deno.test("spawn() says what is wrong with a program that is not there, and leaves no child", () =>
  withoutLeaks(() => {
    const children = childrenOf(Deno.pid);
    using held = new Held();
    const [output, stdout] = held.keepBoth(pipe());
    const empty = new StringArray([]);
    const result = spawn({
      path: cString("/nowhere/program"),
      argv: empty,
      envp: empty,
      stdin: output,
      stdout,
      stderr: stdout,
    });
    assert.equal(result, -ENOENT);
    assert.deepEqual(childrenOf(Deno.pid), children);
  }));

Deno.test("openProcess() is readable when the process has ended, and reap() says how it did, once", () =>
  withoutLeaks(() => {
    using held = new Held();
    const children = childrenOf(Deno.pid);
    const epoll = new Epoll(1);
    try {
      for (
        const [script, signal, ending] of [
          ["read line; exit 3", undefined, { code: 3 }],
          ["kill -SEGV $$", undefined, { signal: 11 }],
          ["kill -STOP $$", SIGKILL, { signal: 9 }],
          ["exec sleep 100", SIGTERM, { signal: 15 }],
        ] as const
      ) {
        const [stdin, feed] = held.keepBoth(pipe());
        const { process, output } = shell(held, script, { stdin });
        const pidfd = held.keep(adopt(expect(openProcess(process), "Cannot open a process")));
        if (signal === undefined) held.close(feed);
        epoll.add(pidfd, EPOLLIN, 0, 0);
        if (signal !== undefined) {
          assert.equal(reap(pidfd), undefined, "it still runs");
          signalGroup(process, signal);
        }
        assert.equal(epoll.wait(PATIENCE), 1, script);
        epoll.remove(pidfd);
        assert.deepEqual(reap(pidfd), ending);
        assert.equal(typeof reap(pidfd), "number", "no child any more");
        held.close(output);
      }
      assert.deepEqual(childrenOf(Deno.pid), children);
    } finally {
      epoll.close();
    }
  }));

Deno.test("signalGroup() reaches what the program has started", () =>
  withoutLeaks(() => {
    using held = new Held();
    const { process, output } = shell(held, "sleep 100 & sleep 100 & wait");
    end(process);
    // The pipe ends when nobody holds it any more.
    assert.equal(readAll(output), "");
  }));

Deno.test("StringArray keeps its strings alive, and refuses a NUL", () => {
  const array = new StringArray(["first", "second"], new StringArray(["zeroth"]));
  collectGarbage();
  assert.equal(array.length, 3);
  assert.equal(array.pointers.at(-1), 0n);
  const text = new Uint8Array(7);
  const strings = [0, 1, 2].map((index) => {
    libc.memcpy_from(text, array.pointers[index]!, 7n);
    return new TextDecoder().decode(text).split("\0")[0];
  });
  assert.deepEqual(strings, ["zeroth", "first", "second"]);
  assert.throws(() => new StringArray(["a\0b"]), /NUL/);
  assert.equal(array.held.length, 2);
});

Deno.test("initialEnvironment() is what this process was started with", () => {
  const environment = initialEnvironment();
  assert.ok(environment.includes(`PATH=${utf8(Deno.env.get("PATH")!)}`));
});

Deno.test("a file in memory is read from its start once it is rewound", () =>
  withoutLeaks(() => {
    using held = new Held();
    const file = held.keep(adopt(expect(createMemoryFile("test"), "Cannot make a file")));
    settle(write(file, new TextEncoder().encode("content"), 7n));
    rewind(file);
    const { process, output } = shell(held, "cat", { stdin: file });
    assert.equal(readAll(output), "content");
    reapProcess(process);
  }));
