/** Links, applications of one page, caching, and what a directory has for those who find nothing. */

import assert from "node:assert/strict";
import { bindUnix, close, SOCK_STREAM, unixSocket } from "../../../ffi/mod.ts";
import { until } from "../../support/waiting.ts";
import { contentOf, fieldOf, statusOf, testSite } from "./site.ts";

const LINKS = {
  follow: {
    "/inside.txt": "hello",
    "/outside.txt": "secret",
    "/absolute.txt": "secret",
    "/up/secret.txt": "secret",
  },
  beneath: { "/inside.txt": "hello", "/outside.txt": 404, "/absolute.txt": 404, "/up/secret.txt": 404 },
  never: { "/inside.txt": 404, "/outside.txt": 404, "/absolute.txt": 404, "/up/secret.txt": 404 },
} as const;

for (const symlinks of ["follow", "beneath", "never"] as const) {
  testSite(`with the policy "${symlinks}", these links lead somewhere`, async ({ get, root }) => {
    Deno.symlinkSync("/proc/self/cwd", `${root}/magic`);
    for (const [target, expected] of Object.entries(LINKS[symlinks])) {
      const response = await get(target);
      assert.equal(typeof expected === "string" ? contentOf(response) : statusOf(response), expected, target);
    }
    // Whatever the policy is, links of /proc and loops lead nowhere.
    for (const target of ["/magic/a.txt", "/loop", "/.git/config"]) {
      assert.notEqual(statusOf(await get(target)), 200, target);
    }
    assert.equal(contentOf(await get("/a.txt")), "hello");
  }, { symlinks });
}

testSite("what is no regular file is not there", async ({ get, root }) => {
  const socket = unixSocket(SOCK_STREAM);
  assert.equal(bindUnix(socket, `${root}/socket`), 0);
  const made = new Deno.Command("mkfifo", { args: [`${root}/fifo`] }).outputSync();
  assert.ok(made.success);
  for (const name of ["socket", "fifo"]) assert.equal(statusOf(await get(`/${name}`)), 404, name);
  close(socket);
});

testSite("names are bytes, whatever these are", async ({ get, root }) => {
  const names = [
    "Größe",
    "a b",
    "100%",
    "q?x=y",
    "a#b",
    "line\nbreak",
    '"quoted"',
    "semi;colon",
    "a+b&c",
    "日本語",
  ];
  for (const [index, name] of names.entries()) {
    Deno.writeTextFileSync(`${root}/${name}`, `content ${index}`);
    assert.equal(contentOf(await get(`/${encodeURIComponent(name)}`)), `content ${index}`, name);
  }
  // Deno has no names that are not UTF-8; a shell has.
  const made = new Deno.Command("sh", { args: ["-c", `printf bytes > "$(printf '${root}/\\377\\376')"`] })
    .outputSync();
  assert.ok(made.success);
  assert.equal(contentOf(await get("/%ff%FE")), "bytes");
});

testSite("no name is too long to be answered", async ({ get }) => {
  for (const length of [255, 256, 4_094, 4_095, 4_096, 7_000]) {
    assert.equal(statusOf(await get(`/${"x".repeat(length)}`)), 404, String(length));
    assert.equal(statusOf(await get(`/${"x/".repeat(length / 2)}y`)), 404, String(length));
  }
});

testSite("what a host says of itself is served, though its name starts with a dot", async ({ get, root }) => {
  Deno.writeTextFileSync(`${root}/.well-known/.hidden`, "secret");
  assert.equal(contentOf(await get("/.well-known/security.txt")), "Contact: you");
  for (const target of ["/.well-known/.hidden", "/dir/.well-known/a", "/.git/config"]) {
    assert.equal(statusOf(await get(target)), 404, target);
  }
});

const ANY = "Accept: */*\r\n";
const BROWSER = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";

testSite("an application of one page gets the paths that are no files", async ({ get, root }) => {
  Deno.writeTextFileSync(`${root}/dir/empty/style.css`, "p {}");
  for (
    const [target, more, expected] of [
      ["/", "", "<p>root"],
      ["/users/1", "", "<p>root"],
      ["/users/1", ANY, "<p>root"],
      ["/users/", BROWSER, "<p>root"],
      ["/users/john.doe", BROWSER, "<p>root"],
      // A directory without an index is no file either.
      ["/dir/empty", BROWSER, "<p>root"],
      ["/dir/empty/", BROWSER, "<p>root"],
      ["/a.txt/b", ANY, "<p>root"],
      // Files are files.
      ["/a.txt", BROWSER, "hello"],
      ["/dir/", BROWSER, "<p>dir"],
      ["/dir/empty/style.css", ANY, "p {}"],
    ]
  ) {
    const response = await get(target!, more);
    assert.equal(statusOf(response), 200, target);
    assert.equal(contentOf(response), expected, target);
  }
  assert.equal(fieldOf(await get("/dir", BROWSER), "Location"), "/dir/");
  // What looks like a file, and is asked for by a page rather than a person, is missing.
  for (
    const [target, more] of [["/assets/app.js", ANY], ["/assets/app.js", ""], [
      "/x.png",
      "Accept: image/*\r\n",
    ]]
  ) {
    assert.equal(statusOf(await get(target!, more)), 404, target);
  }
  for (const target of ["/.env", "/.git/config", "/a%2Fb"]) {
    assert.notEqual(statusOf(await get(target, BROWSER)), 200, target);
  }
}, { spa: true });

testSite("caches are told where another Accept would have led elsewhere", async ({ get }) => {
  assert.equal(fieldOf(await get("/users/john.doe", BROWSER), "Vary"), "Accept");
  assert.equal(fieldOf(await get("/users/john.doe", ANY), "Vary"), "Accept");
  assert.equal(fieldOf(await get("/users/1", BROWSER), "Vary"), undefined);
  assert.equal(fieldOf(await get("/a.txt", BROWSER), "Vary"), undefined);
}, { spa: true });

testSite(
  "the page of an application is there under conditions and for HEAD as its file is",
  async ({ get }) => {
    const tag = fieldOf(await get("/"), "ETag")!;
    assert.equal(statusOf(await get("/users/1", `If-None-Match: ${tag}\r\n`)), 304);
    const head = await get("/users/1", "", "HEAD");
    assert.equal(statusOf(head), 200);
    assert.equal(fieldOf(head, "Content-Length"), "7");
  },
  { spa: true },
);

testSite("without a page, an application is nothing", async ({ get, root }) => {
  Deno.removeSync(`${root}/index.html`);
  assert.equal(statusOf(await get("/users/1", BROWSER)), 404);
  Deno.mkdirSync(`${root}/index.html`);
  assert.equal(statusOf(await get("/users/1", BROWSER)), 404);
  assert.equal(statusOf(await get("/", BROWSER)), 404);
}, { spa: true });

testSite("a 404.html is what those see who find nothing, with 404", async ({ get, root }) => {
  assert.match(await get("/none"), /^HTTP\/1\.1 404 [^]*There is no such file\.\n$/);
  Deno.writeTextFileSync(`${root}/404.html`, "<p>Lost?");
  for (const target of ["/none", "/dir/none/", "/dir/empty/", "/.git/config"]) {
    const response = await get(target, "Range: bytes=0-0\r\n");
    assert.equal(statusOf(response), 404, target);
    assert.equal(contentOf(response), "<p>Lost?");
    assert.equal(fieldOf(response, "Content-Type"), "text/html; charset=utf-8");
    assert.equal(fieldOf(response, "ETag"), undefined);
  }
  assert.equal(contentOf(await get("/none", "", "HEAD")), "");
  const large = "x".repeat(100_000);
  Deno.writeTextFileSync(`${root}/404.html`, large);
  assert.equal(contentOf(await get("/none")), large);
});

testSite("a file may be used for a while without asking; a page is asked for", async ({ get, root }) => {
  Deno.writeTextFileSync(`${root}/404.html`, "<p>Lost?");
  const said = async (target: string, more = "") => fieldOf(await get(target, more), "Cache-Control");
  assert.equal(await said("/a.txt"), "max-age=3600");
  assert.equal(await said("/a.txt", "Range: bytes=0-0\r\n"), "max-age=3600");
  const tag = fieldOf(await get("/a.txt"), "ETag")!;
  assert.equal(await said("/a.txt", `If-None-Match: ${tag}\r\n`), "max-age=3600");
  assert.equal(await said("/"), "no-cache");
  assert.equal(await said("/dir"), undefined);
  assert.equal(await said("/none"), undefined);
  assert.equal(await said("/a.txt", "Range: bytes=99-\r\n"), undefined);
}, { maxAge: 3_600 });

testSite("without being told, nothing is said of how long a file may be used", async ({ get }) => {
  assert.equal(fieldOf(await get("/a.txt"), "Cache-Control"), undefined);
});

testSite(
  "a new directory under the old name is found, and no name at all is waited out",
  async ({ rig, get, root }) => {
    const next = `${root}-next`;
    Deno.mkdirSync(next);
    Deno.writeTextFileSync(`${next}/a.txt`, "the next release");
    Deno.renameSync(root, `${root}-before`);
    // So that it looks for the directory again.
    rig.clock.now += 1_000;
    assert.equal(contentOf(await get("/a.txt")), "hello");
    Deno.renameSync(next, root);
    rig.clock.now += 1_000;
    assert.equal(contentOf(await get("/a.txt")), "the next release");
  },
);

testSite(
  "no date is later than its response, and one that is to come is never a reason for 304",
  async ({ get, root }) => {
    Deno.utimeSync(`${root}/a.txt`, 4e9, 4e9);
    const response = await get("/a.txt");
    assert.ok(Date.parse(fieldOf(response, "Last-Modified")!) <= Date.parse(fieldOf(response, "Date")!));
    const again = await get("/a.txt", `If-Modified-Since: ${fieldOf(response, "Last-Modified")}\r\n`);
    assert.equal(statusOf(again), 200);
    Deno.utimeSync(`${root}/a.txt`, 0, 0);
    assert.equal(fieldOf(await get("/a.txt"), "Last-Modified"), "Thu, 01 Jan 1970 00:00:00 GMT");
  },
);

testSite("a 304 says nothing of a length", async ({ get }) => {
  const tag = fieldOf(await get("/a.txt"), "ETag")!;
  assert.equal(fieldOf(await get("/a.txt", `If-None-Match: ${tag}\r\n`), "Content-Length"), undefined);
});

testSite(
  "a name that changes all the time, between a file and a way out, is never the way out",
  async ({ get, root }) => {
    const script =
      'chdir shift; for (;;) { for ("../secret.txt", "a.txt") { symlink $_, "t"; rename "t", "turn" } }';
    const turning = new Deno.Command("perl", { args: ["-e", script, root] }).spawn();
    try {
      let found = 0;
      await until(async () => {
        for (let count = 0; count < 200; count++) {
          const response = await get("/turn");
          assert.doesNotMatch(response, /secret/);
          if (contentOf(response) === "hello") found++;
        }
        return found > 0;
      }, "the file to be there at times");
    } finally {
      turning.kill("SIGKILL");
      await turning.status;
    }
  },
);
