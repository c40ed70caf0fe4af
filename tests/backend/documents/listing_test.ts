/** The page that lists a directory, and what the kernel says is in one. */

import assert from "node:assert/strict";
import { adopt, close, directoryEntries, openDirectory } from "../../../ffi/mod.ts";
import { listing } from "../../../src/backend/documents/listing.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { TemporaryDirectory } from "../../support/processes.ts";

const entry = (name: string, isDirectory = false) => ({ name, isDirectory });

Deno.test("listing() links to each name, whatever is in it, and to nothing else", () => {
  const names = [
    "b.txt",
    'a"<&>.txt',
    "javascript:alert(1)",
    ".hidden",
    "copy~",
    "secret",
    "\u00c3\u00bc",
    "?#%",
  ];
  const page = listing(
    "/p<q/",
    [...names.map((name) => entry(name)), entry("z", true)],
    (name) => name !== "secret",
  );
  assert.deepEqual([...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href), [
    ...[
      "../",
      "./z/",
      "./%3F%23%25",
      "./a%22%3C%26%3E.txt",
      "./b.txt",
      "./javascript%3Aalert%281%29",
      "./%C3%BC",
    ],
  ]);
  assert.match(page, /<h1>Index of \/p&#60;q\/<\/h1>/);
  assert.match(page, />a&#34;&#60;&#38;&#62;\.txt</);
  assert.match(page, />ü</);
  assert.doesNotMatch(listing("/", [], () => true), /href/);
});

Deno.test("directoryEntries() reads all names once, and no more than asked for", () =>
  withoutLeaks(() => {
    using directory = new TemporaryDirectory();
    const names = Array.from({ length: 3_000 }, (_, index) => `file-with-a-name-that-takes-room-${index}`);
    for (const name of names) directory.write(name, "");
    Deno.mkdirSync(directory.join("below"));
    const read = (most: number) => {
      const fd = adopt(openDirectory(directory.path));
      const entries = directoryEntries(fd, most);
      close(fd);
      assert.ok(typeof entries !== "number");
      return entries;
    };
    const all = read(10_000);
    assert.deepEqual(all.map(({ name }) => name).sort(), [...names, "below"].sort());
    assert.deepEqual(all.filter(({ isDirectory }) => isDirectory), [entry("below", true)]);
    assert.equal(read(10).length, 10);
  }));
