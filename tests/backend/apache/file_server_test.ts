import assert from "node:assert/strict";
import { FileServer } from "../../../src/backend/apache/file_server.ts";
import { drink, pour } from "../../front/clients.ts";
import { testServer } from "./rig.ts";

/** A directory with a file, and what went wrong there. */
class Place {
  readonly directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
  readonly file = `${this.directory}/file`;
  readonly errors: unknown[] = [];

  constructor(content: string | Uint8Array) {
    this.write(content);
  }

  write(content: string | Uint8Array): void {
    if (typeof content === "string") Deno.writeTextFileSync(this.file, content);
    else Deno.writeFileSync(this.file, content);
  }

  serve(): FileServer {
    return new FileServer(this.file, (error) => this.errors.push(error));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

{
  const place = new Place("one");
  testServer("each connection gets the file that is there, to its end", () => place.serve(), async (rig) => {
    assert.deepEqual(await rig.end(rig.give()), { text: "one", ended: "end" });
    place.write("another one");
    assert.deepEqual(await rig.end(rig.give()), { text: "another one", ended: "end" });
    place.write("");
    assert.deepEqual(await rig.end(rig.give()), { text: "", ended: "end" });
    assert.deepEqual(place.errors, []);
    place[Symbol.dispose]();
  });
}

{
  const place = new Place("content");
  testServer(
    "what the client still sends is read away, and resets nothing",
    () => place.serve(),
    async (rig) => {
      const pair = rig.give("x".repeat(20_000));
      assert.deepEqual(await rig.end(pair), { text: "content", ended: "end" });
      pour(pair.client, "y".repeat(20_000));
      await rig.settle();
      assert.equal(drink(pair.client).ended, "end");
      place[Symbol.dispose]();
    },
  );
}

{
  const place = new Place("content");
  testServer(
    "a file that has gone breaks the response off, and the next one is served again",
    () => place.serve(),
    async (rig) => {
      Deno.removeSync(place.file);
      assert.deepEqual(await rig.end(rig.give()), { text: "", ended: "reset" });
      assert.match(String(place.errors), /Cannot serve the file ".*\/file": no such file/);
      place.write("again");
      assert.deepEqual(await rig.end(rig.give()), { text: "again", ended: "end" });
      place[Symbol.dispose]();
    },
  );
}

{
  const place = new Place(new Uint8Array(8 << 20));
  testServer("a client that leaves in the middle costs nothing", () => place.serve(), async (rig) => {
    const pair = rig.give();
    await rig.until(() => drink(pair.client).text.length > 0, "the beginning");
    rig.closeClient(pair);
    await rig.until(() => rig.backend.active === 0, "the end");
    assert.deepEqual(place.errors, []);
    place[Symbol.dispose]();
  });

  const shorter = new Place(new Uint8Array(8 << 20));
  testServer(
    "a file that becomes shorter meanwhile breaks the response off",
    () => shorter.serve(),
    async (rig) => {
      const pair = rig.give();
      await rig.settle();
      Deno.truncateSync(shorter.file, 10);
      assert.equal((await rig.end(pair)).ended, "reset");
      assert.match(String(shorter.errors), /it has become shorter/);
      shorter[Symbol.dispose]();
    },
  );
}

Deno.test("what is no file is refused at the start", () => {
  using place = new Place("x");
  const make = (path: string) => () => new FileServer(path, () => {});
  assert.throws(
    make(place.directory),
    /Cannot serve the file ".*": it is a directory; write the path of one file/,
  );
  assert.throws(make(`${place.directory}/none`), /Cannot serve the file ".*": no such file or directory/);
  assert.throws(make("/dev/null"), /it is no regular file/);
});
