import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { adopt, close, type Descriptor } from "../../ffi/descriptor.ts";
import {
  EAGAIN,
  EBADF,
  EEXIST,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  EPIPE,
  EXDEV,
  settle,
} from "../../ffi/errno.ts";
import {
  chmod,
  chown,
  FileStatus,
  mkdir,
  openBeneath,
  openDirectory,
  openFile,
  readFile,
  rename,
  sendFile,
  unlink,
} from "../../ffi/file.ts";
import { libc } from "../../ffi/libc.ts";
import { bindUnix, SOCK_STREAM, unixSocket, unixSocketPair } from "../../ffi/socket.ts";
import { descriptorFlags, Held, withoutLeaks } from "../support/descriptors.ts";
import { hear } from "./sockets.ts";

const O_CLOEXEC = 0o2000000;

/** A test of files: a directory that is gone afterwards, and descriptors that are closed. */
function fileTest(name: string, body: (directory: string, held: Held) => void): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      const directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
      try {
        using held = new Held();
        body(directory, held);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    }));
}

function opened(held: Held, result: number): Descriptor {
  assert.ok(result >= 0, `opening returned ${result}`);
  return held.keep(adopt(result));
}

fileTest("FileStatus says of a path what Deno.lstat says", (directory, held) => {
  const path = `${directory}/file`;
  Deno.writeTextFileSync(path, "hello");
  Deno.utimeSync(path, 1_600_000_000, 1_600_000_000.789);
  Deno.symlinkSync("file", `${directory}/link`);
  assert.equal(bindUnix(held.keep(unixSocket(SOCK_STREAM)), `${directory}/socket`), 0);
  const status = new FileStatus();
  const types = { file: "file", link: "other", socket: "socket", ".": "directory" };
  for (const [name, type] of Object.entries(types)) {
    const other = Deno.lstatSync(`${directory}/${name}`);
    assert.equal(status.readPath(`${directory}/${name}`), 0);
    assert.equal(status.type, type);
    assert.equal(status.size, other.size);
    assert.equal(status.inode, BigInt(other.ino!));
    assert.equal(status.modified, other.mtime!.getTime());
  }
  assert.equal(status.readPath(path), 0);
  assert.equal(status.modified, 1_600_000_000_789);
  assert.equal(status.readPath("/dev/null"), 0);
  assert.equal(status.type, "other");
});

fileTest(
  "FileStatus says of an open file what the path said, and of large ones how large",
  (directory, held) => {
    const path = `${directory}/sparse`;
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, 5 * 2 ** 32 + 7);
    const fd = opened(held, openBeneath(opened(held, openDirectory(directory)), "sparse"));
    const [byPath, byDescriptor] = [new FileStatus(), new FileStatus()];
    assert.equal(byPath.readPath(path), 0);
    assert.equal(byDescriptor.readDescriptor(fd), 0);
    for (const status of [byPath, byDescriptor]) assert.equal(status.size, 5 * 2 ** 32 + 7);
    assert.equal(byDescriptor.inode, byPath.inode);
    assert.equal(byDescriptor.modified, byPath.modified);
  },
);

fileTest("FileStatus gives -errno for what is not there", (directory) => {
  const status = new FileStatus();
  assert.equal(status.readPath(`${directory}/none`), -ENOENT);
  Deno.writeTextFileSync(`${directory}/file`, "");
  assert.equal(status.readPath(`${directory}/file/below`), -ENOTDIR);
  assert.equal(status.readDescriptor(adopt(1_000_000)), -EBADF);
});

fileTest("mkdir(), chmod(), chown(), rename() and unlink() do what they say, or give -errno", (directory) => {
  const [made, file, moved] = ["made", "made/file", "made/moved"].map((name) => `${directory}/${name}`);
  assert.equal(mkdir(made!, 0o700), 0);
  assert.equal(Deno.statSync(made!).mode! & 0o777, 0o700);
  assert.equal(mkdir(made!, 0o700), -EEXIST);
  assert.equal(mkdir(`${directory}/no/parent`, 0o700), -ENOENT);
  Deno.writeTextFileSync(file!, "new");
  Deno.writeTextFileSync(moved!, "old");
  assert.equal(chmod(file!, 0o640), 0);
  assert.equal(Deno.statSync(file!).mode! & 0o777, 0o640);
  assert.equal(chown(file!, Deno.uid()!, Deno.gid()!), 0);
  assert.equal(rename(file!, moved!), 0);
  assert.equal(Deno.readTextFileSync(moved!), "new");
  assert.equal(unlink(moved!), 0);
  for (const result of [unlink(moved!), chmod(moved!, 0o600), chown(moved!, 0, 0), rename(moved!, file!)]) {
    assert.equal(result, -ENOENT);
  }
});

fileTest("openDirectory() opens directories only, closed on exec", (directory, held) => {
  assert.ok(descriptorFlags(opened(held, openDirectory(directory))) & O_CLOEXEC);
  Deno.writeTextFileSync(`${directory}/file`, "");
  assert.equal(openDirectory(`${directory}/file`), -ENOTDIR);
  assert.equal(openDirectory(`${directory}/none`), -ENOENT);
});

/** `root`, with files and links of every kind, and a `secret` beside it. */
function makeRoot(directory: string): string {
  const root = `${directory}/root`;
  Deno.mkdirSync(`${root}/sub/deep`, { recursive: true });
  Deno.writeTextFileSync(`${directory}/secret`, "secret");
  Deno.writeTextFileSync(`${root}/page`, "page");
  Deno.writeTextFileSync(`${root}/sub/page`, "sub page");
  const links = {
    "to-page": "page",
    "sub/up": "../page",
    "to-sub": "sub",
    "out": "../secret",
    "out-dir": "..",
    "sub/deep/out": "../../../secret",
    "absolute": `${root}/page`,
    "absolute-out": "/etc/passwd",
    "dangling": "none",
    "circle": "circle",
  };
  for (const [name, target] of Object.entries(links)) Deno.symlinkSync(target, `${root}/${name}`);
  return root;
}

fileTest(
  "openBeneath() opens files below, also through `..` and links that stay below",
  (directory, held) => {
    const root = opened(held, openDirectory(makeRoot(directory)));
    const inside = {
      "page": "page",
      "./page": "page",
      "sub/page": "sub page",
      "sub//page": "sub page",
      "sub/../page": "page",
      "sub/deep/../../page": "page",
      "to-page": "page",
      "sub/up": "page",
      "to-sub/page": "sub page",
    };
    for (const [path, content] of Object.entries(inside)) {
      const fd = opened(held, openBeneath(root, path));
      assert.equal(hear(fd), content, path);
      assert.ok(descriptorFlags(fd) & O_CLOEXEC);
    }
  },
);

fileTest("openBeneath() refuses every way out", (directory, held) => {
  const path = makeRoot(directory);
  const root = opened(held, openDirectory(path));
  const ways: Record<string, number> = {
    "..": EXDEV,
    "../secret": EXDEV,
    "../root/page": EXDEV,
    "sub/../../secret": EXDEV,
    "sub/deep/../../../secret": EXDEV,
    [`${path}/page`]: EXDEV,
    "/": EXDEV,
    "/etc/passwd": EXDEV,
    "out": EXDEV,
    "out-dir/secret": EXDEV,
    "sub/deep/out": EXDEV,
    "absolute": EXDEV,
    "absolute-out": EXDEV,
    "circle": ELOOP,
    "dangling": ENOENT,
    "none": ENOENT,
    "": ENOENT,
    "page/below": ENOTDIR,
  };
  for (const [way, errno] of Object.entries(ways)) {
    const result = openBeneath(root, way);
    if (result >= 0) held.keep(adopt(result));
    assert.equal(result, -errno, `"${way}"`);
  }
  assert.throws(() => openBeneath(root, "page\0.html"), { name: "TypeError" });
  const self = opened(held, openDirectory("/proc/self"));
  const magic = openBeneath(self, "exe");
  if (magic >= 0) close(adopt(magic));
  assert.equal(magic, -ELOOP);
});

fileTest("openBeneath() does not wait for the writer of a FIFO", (directory, held) => {
  const root = opened(held, openDirectory(directory));
  const { success } = new Deno.Command("mkfifo", { args: [`${directory}/fifo`] }).outputSync();
  assert.ok(success);
  opened(held, openBeneath(root, "fifo"));
});

fileTest(
  "sendFile() sends from an offset, as much as the socket takes, and nothing past the end",
  (directory, held) => {
    const content = Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 31) >> 3);
    Deno.writeFileSync(`${directory}/file`, content);
    const file = opened(held, openBeneath(opened(held, openDirectory(directory)), "file"));
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    const start = 12_345;
    const received = new Uint8Array(content.length);
    let [sent, got, full] = [start, start, false];
    while (got < content.length) {
      let count = 0;
      while (sent < content.length && (count = sendFile(left, file, sent, content.length - sent)) > 0) {
        sent += count;
      }
      if (count < 0) {
        assert.equal(count, -EAGAIN);
        full = true;
      }
      const bytes = received.subarray(got);
      const read = settle(libc.recv(right, bytes, BigInt(bytes.length), 0));
      assert.ok(read > 0, `recv returned ${read}`);
      got += read;
    }
    assert.equal(sent, content.length);
    assert.equal(Buffer.compare(received.subarray(start), content.subarray(start)), 0);
    assert.ok(full, "the socket was never full");
    assert.equal(sendFile(left, file, 5, 3), 3);
    assert.equal(sendFile(left, file, content.length, 100), 0);
    assert.equal(sendFile(left, file, 2 ** 33, 100), 0);
  },
);

fileTest(
  "sendFile() to a socket whose other end is closed is -EPIPE, and no signal ends the process",
  (directory, held) => {
    Deno.writeTextFileSync(`${directory}/file`, "content");
    const file = opened(held, openBeneath(opened(held, openDirectory(directory)), "file"));
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    held.close(right);
    assert.equal(sendFile(left, file, 0, 7), -EPIPE);
  },
);

fileTest(
  "openFile() opens for reading, closed on exec, and does not wait for a FIFO's writer",
  (directory, held) => {
    Deno.writeTextFileSync(`${directory}/file`, "x");
    const fd = opened(held, openFile(`${directory}/file`));
    assert.equal(descriptorFlags(fd) & O_CLOEXEC, O_CLOEXEC);
    assert.equal(openFile(`${directory}/none`), -ENOENT);
    new Deno.Command("mkfifo", { args: [`${directory}/fifo`] }).outputSync();
    opened(held, openFile(`${directory}/fifo`));
  },
);

fileTest("openBeneath() follows links as it is told", (directory, held) => {
  const path = `${directory}/root`;
  Deno.mkdirSync(`${path}/dir`, { recursive: true });
  Deno.writeTextFileSync(`${path}/file`, "in");
  Deno.writeTextFileSync(`${directory}/secret`, "out");
  Deno.symlinkSync("file", `${path}/inside`);
  Deno.symlinkSync("../secret", `${path}/outside`);
  const root = opened(held, openDirectory(path));
  for (const links of ["follow", "beneath", "never"] as const) opened(held, openBeneath(root, "file", links));
  opened(held, openBeneath(root, "inside", "follow"));
  opened(held, openBeneath(root, "inside", "beneath"));
  assert.equal(openBeneath(root, "inside", "never"), -ELOOP);
  opened(held, openBeneath(root, "outside", "follow"));
  assert.equal(openBeneath(root, "outside", "beneath"), -EXDEV);
  assert.equal(openBeneath(root, "outside", "never"), -ELOOP);
  // Whatever links may do, the path itself stays below the directory.
  for (const links of ["follow", "beneath", "never"] as const) {
    for (
      const out of [
        `${directory}/secret`,
        "/etc/hostname",
        "..",
        "../secret",
        "dir/../../secret",
        "dir/../..",
      ]
    ) {
      assert.equal(openBeneath(root, out, links), -EXDEV, `${out} ${links}`);
    }
  }
  // Links of /proc lead where no path does.
  const self = opened(held, openDirectory("/proc/self"));
  for (const links of ["follow", "beneath", "never"] as const) {
    assert.equal(openBeneath(self, "exe", links), -ELOOP, links);
  }
});

fileTest(
  "openBeneath() takes names that are no text, and readFile() reads what they name",
  (directory, held) => {
    const name = Uint8Array.of(0xff, 0x61, 0);
    const made = new Deno.Command("sh", { args: ["-c", `printf hello > "$(printf '${directory}/\\377a')"`] });
    assert.ok(made.outputSync().success);
    const file = opened(held, openBeneath(opened(held, openDirectory(directory)), name));
    const bytes = new Uint8Array(8);
    assert.equal(readFile(file, bytes, 8n), 5);
    assert.equal(new TextDecoder().decode(bytes.subarray(0, 5)), "hello");
    assert.equal(readFile(file, bytes, 8n), 0);
    assert.equal(readFile(opened(held, openDirectory(directory)), bytes, 8n), -EISDIR);
  },
);
