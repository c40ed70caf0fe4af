/** Files of document roots that are kept from one request to the next: each as the settings of its host say, none too long. */

import assert from "node:assert/strict";
import { DocumentsHandler } from "../../../src/backend/documents/documents_handler.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import type { DocumentHost, DocumentSection } from "../../../src/config/documents.ts";
import { openDescriptors } from "../../support/descriptors.ts";
import { Rig, withRig } from "../rig.ts";
import { contentOf, fieldOf, statusOf } from "../static/site.ts";

/** Milliseconds for which files are kept. */
const VALIDITY = 1_000;

const EVERYWHERE = { place: { directory: "/" }, overrides: false } as const;

/** Hosts, by what is said of their files. */
const HOSTS = ["plain", "forced", "unlinked", "unkept", "overridden"] as const;

function hostsOf(root: string): DocumentHost[] {
  const below: Record<typeof HOSTS[number], Omit<DocumentSection, "place">> = {
    plain: { lists: true },
    forced: { forceType: "text/x-forced", tag: [] },
    unlinked: { links: "never" },
    unkept: { kept: false },
    overridden: { overrides: true },
  };
  return HOSTS.map((host) => ({
    sections: [EVERYWHERE, { place: { directory: `${root}/` }, ...below[host] }],
  }));
}

interface Tree {
  readonly rig: Rig<HttpServer>;
  readonly root: string;
  /** Asks a host for a file below the root. */
  readonly get: (host: typeof HOSTS[number], name: string) => Promise<string>;
  /** What the content is; or the status, where that is not 200. */
  readonly read: (host: typeof HOSTS[number], name: string) => Promise<string | number>;
}

function testTree(name: string, body: (tree: Tree) => Promise<void>): void {
  Deno.test(name, async () => {
    const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "fdpass-" }));
    const make = () => {
      const handler = new DocumentsHandler({ kind: "documents", hosts: hostsOf(root) }, undefined, () => {});
      const server = new HttpServer(handler, {
        limits: DEFAULT_LIMITS,
        onError: (error) => {
          throw error;
        },
      });
      const rig = new Rig(server);
      const close = rig.close.bind(rig);
      rig.close = () => {
        close();
        handler.close();
      };
      return rig;
    };
    try {
      await withRig(make, async (rig) => {
        const front = await rig.front();
        const get: Tree["get"] = async (host, name) => {
          const target = `/${HOSTS.indexOf(host)}${root}/${name}`;
          const client = front.give(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
          const text = await rig.rest(client);
          client.close();
          // What nobody reads would fill the channel.
          front.read();
          return text;
        };
        const read: Tree["read"] = async (host, name) => {
          const response = await get(host, name);
          const status = statusOf(response);
          return status === 200 ? contentOf(response) : status;
        };
        await body({ rig, root, get, read });
      });
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });
}

/** Files below a directory that this process has open. */
function openBelow(root: string): string[] {
  return [...openDescriptors().values()].filter((link) => link.startsWith(`${root}/`));
}

/** Replaces a file by renaming. */
function replace(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.next`, text);
  Deno.renameSync(`${path}.next`, path);
}

testTree("a file is kept, and is at once what it has become", async ({ root, read }) => {
  for (const host of HOSTS) {
    const [small, large] = [`${host}.txt`, `${host}-large.txt`];
    Deno.writeTextFileSync(`${root}/${small}`, "one");
    Deno.writeTextFileSync(`${root}/${large}`, "1".repeat(50_000));
    assert.equal(await read(host, small), "one");
    assert.equal(await read(host, large), "1".repeat(50_000));
    assert.equal(openBelow(root).includes(`${root}/${large}`), host !== "unkept", host);
    for (const name of [small, large]) {
      const path = `${root}/${name}`;
      Deno.writeTextFileSync(path, "two");
      assert.equal(await read(host, name), "two", host);
      replace(path, "three");
      assert.equal(await read(host, name), "three", host);
      Deno.truncateSync(path, 2);
      assert.equal(await read(host, name), "th", host);
      Deno.removeSync(path);
      assert.equal(await read(host, name), 404, host);
      Deno.mkdirSync(path);
      assert.equal(await read(host, name), 301, host);
      Deno.removeSync(path);
      Deno.writeTextFileSync(path, "again");
      assert.equal(await read(host, name), "again", host);
    }
  }
});

testTree(
  "what is said of one file is each host's own, however often it was asked for elsewhere",
  async (tree) => {
    const { root, get } = tree;
    Deno.writeTextFileSync(`${root}/a.txt`, "text");
    // Of what has just been written nothing is kept that is said of it.
    Deno.utimeSync(`${root}/a.txt`, 1, 1);
    for (let time = 0; time < 3; time++) {
      for (const host of HOSTS) {
        const response = await get(host, "a.txt");
        const type = fieldOf(response, "Content-Type");
        assert.equal(type, host === "forced" ? "text/x-forced" : "text/plain", host);
        assert.equal(fieldOf(response, "ETag") === undefined, host === "forced", host);
      }
    }
  },
);

testTree(
  "a release that a link leads to counts when a file's time is over, or at once where none is kept",
  async (tree) => {
    const { rig, root, read } = tree;
    for (const version of ["1", "2"]) {
      Deno.mkdirSync(`${root}/v${version}`);
      Deno.writeTextFileSync(`${root}/v${version}/a`, version);
    }
    const point = (version: string) => {
      Deno.symlinkSync(`v${version}`, `${root}/next`);
      Deno.renameSync(`${root}/next`, `${root}/current`);
    };
    point("1");
    assert.equal(await read("plain", "current/a"), "1");
    assert.equal(await read("unkept", "current/a"), "1");
    point("2");
    assert.equal(await read("unkept", "current/a"), "2");
    rig.clock.now += VALIDITY;
    assert.equal(await read("plain", "current/a"), "2");
  },
);

testTree("a link in the place of a kept file is not followed where none are", async ({ root, read }) => {
  Deno.writeTextFileSync(`${root}/secret`, "secret");
  Deno.writeTextFileSync(`${root}/a`, "one");
  assert.equal(await read("unlinked", "a"), "one");
  assert.equal(await read("plain", "a"), "one");
  Deno.symlinkSync("secret", `${root}/next`);
  Deno.renameSync(`${root}/next`, `${root}/a`);
  assert.equal(await read("plain", "a"), "secret");
  assert.equal(await read("unlinked", "a"), 403);
});

testTree("a .htaccess file counts from the next request on, whatever is kept", async ({ root, read }) => {
  Deno.mkdirSync(`${root}/dir`);
  Deno.writeTextFileSync(`${root}/dir/a`, "one");
  for (let time = 0; time < 2; time++) assert.equal(await read("overridden", "dir/a"), "one");
  Deno.writeTextFileSync(`${root}/dir/.htaccess`, "# nothing\n");
  for (let time = 0; time < 2; time++) assert.equal(await read("overridden", "dir/a"), "one");
  Deno.writeTextFileSync(`${root}/dir/.htaccess`, "Deny  all\n");
  assert.equal(await read("overridden", "dir/a"), 500);
  assert.equal(await read("plain", "dir/a"), "one");
  assert.equal(await read("plain", "dir/.htaccess"), 403);
  Deno.removeSync(`${root}/dir/.htaccess`);
  assert.equal(await read("overridden", "dir/a"), "one");
});

testTree("a list has what is there, whatever is kept of it", async ({ root, read }) => {
  Deno.writeTextFileSync(`${root}/a.txt`, "one");
  assert.equal(await read("plain", "a.txt"), "one");
  assert.match(String(await read("plain", "")), /a\.txt/);
  Deno.renameSync(`${root}/a.txt`, `${root}/b.txt`);
  const list = String(await read("plain", ""));
  assert.ok(list.includes("b.txt") && !list.includes("a.txt"));
  Deno.writeTextFileSync(`${root}/index.html`, "index");
  assert.equal(await read("plain", ""), "index");
  Deno.removeSync(`${root}/index.html`);
  assert.match(String(await read("plain", "")), /b\.txt/);
});

testTree("all hosts together keep no more files open than one process may", async ({ rig, root, read }) => {
  const names = Array.from({ length: 140 }, (_, index) => `${index}.txt`);
  for (const name of names) Deno.writeTextFileSync(`${root}/${name}`, "x".repeat(20_000));
  for (const name of names) {
    assert.equal(String(await read("plain", name)).length, 20_000);
    await read("unlinked", name);
    assert.ok(openBelow(root).length <= 256);
  }
  assert.equal(openBelow(root).length, 256);
  await rig.advance(VALIDITY);
  assert.deepEqual(openBelow(root), []);
});
