import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { adopt } from "../../ffi/descriptor.ts";
import { EAGAIN, EBADF, EEXIST, ENOENT, ENOTDIR, EPIPE, settle } from "../../ffi/errno.ts";
import {
  chmod,
  chown,
  FileStatus,
  mkdir,
  openBeneath,
  openDirectory,
  openFile,
  rename,
  sendFile,
  unlink,
} from "../../ffi/file.ts";
import { libc } from "../../ffi/libc.ts";
import { bindUnix, SOCK_STREAM, unixSocket, unixSocketPair } from "../../ffi/socket.ts";
import { descriptorFlags } from "../support/descriptors.ts";
import { fileTest, opened } from "./files.ts";

const O_CLOEXEC = 0o2000000;

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
