import assert from "node:assert/strict";
import { adopt, close, createMemoryFile, createTableFile, LINE, pipe, SharedTable } from "../../ffi/mod.ts";
import { withoutLeaks } from "../support/descriptors.ts";

const LINES = 64;

Deno.test("SharedTable: what one writes others read, a quarter at a time", () => {
  const file = createTableFile("test", LINES);
  const one = new SharedTable(file, LINES);
  const other = SharedTable.of(Deno.pid, file, LINES)!;
  close(file);
  one.line.fill(1);
  one.store(5, 2);
  other.load(5);
  assert.deepEqual([...other.line], Array.from({ length: LINE }, (_, at) => at >= 32 && at < 48 ? 1 : 0));
  other.load(4);
  assert.ok(other.line.every((byte) => byte === 0));
  // What is closed is read as nothing, and written nowhere.
  one.close();
  one.close();
  one.load(5);
  assert.ok(one.line.every((byte) => byte === 0));
  one.line.fill(2);
  one.store(5, 2);
  other.load(5);
  assert.equal(other.line[32], 1);
  other.close();
});

Deno.test("SharedTable: what is no table of this size is not opened, and leaves nothing open", async () => {
  await withoutLeaks(() => {
    const table = createTableFile("test", LINES);
    const [reader, writer] = pipe();
    const plain = adopt(createMemoryFile("plain"));
    for (
      const [fd, lines] of [[table, LINES + 1], [table, LINES - 1], [plain, LINES], [reader, LINES]] as const
    ) {
      assert.equal(SharedTable.of(Deno.pid, fd, lines), undefined);
    }
    for (const number of [0x7fff_ffff, 0xffff_ffff]) {
      assert.equal(SharedTable.of(Deno.pid, number, LINES), undefined);
    }
    assert.equal(SharedTable.of(0, table, LINES), undefined);
    assert.equal(SharedTable.of(0xffff_ffff, table, LINES), undefined);
    for (const fd of [table, reader, writer, plain]) close(fd);
    return Promise.resolve();
  });
});
