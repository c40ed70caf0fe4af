import assert from "node:assert/strict";
import { adopt, close } from "../../ffi/descriptor.ts";
import { EISDIR, ELOOP, ENOENT, ENOTDIR, EXDEV } from "../../ffi/errno.ts";
import { openBeneath, openDirectory, readFile } from "../../ffi/file.ts";
import { descriptorFlags } from "../support/descriptors.ts";
import { hear } from "./sockets.ts";
import { fileTest, opened } from "./files.ts";

const O_CLOEXEC = 0o2000000;

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
