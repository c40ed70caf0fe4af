/** Files that change while they are asked for: every response is of one version, and none is older than it may be. */

import assert from "node:assert/strict";
import { contentOf, fieldOf, type Site, statusOf, testSite } from "./site.ts";

/** Changes `turning` all the time, in one way. Each version is of one letter, which follows from its size. */
const SCRIPT = `
  my ($way, $root, $least) = @ARGV;
  chdir $root;
  sub put { open(my $file, ">", $_[0]); print $file $_[1]; close $file }
  for (my $n = 0;; $n++) {
    my $size = $least + $n % 1000;
    my $text = chr(97 + $size % 26) x $size;
    if ($way eq "written") { put("turning", $text) }
    if ($way eq "replaced") { put("next", $text); rename("next", "turning") }
    if ($way eq "removed") { unlink "turning"; put("turning", $text) }
    if ($way eq "linked") {
      put("v$n", $text); symlink("v$n", "next"); rename("next", "turning"); unlink "v" . ($n - 1);
    }
    if ($way eq "cut") { put("turning", $text); truncate("turning", $size / 2) }
  }
`;

/** Ways in which the file is away for moments. */
const AWAY: ReadonlySet<string> = new Set(["removed", "linked"]);

/** Requests of one test, and as many as there may be until the file has begun to change. */
const REQUESTS = 150;
const MOST_REQUESTS = 50_000;

/** Asks for the file while it changes. @param least bytes of its shortest version */
async function askMeanwhile({ get, root, rig }: Site, way: string, least: number): Promise<void> {
  const path = `${root}/turning`;
  Deno.writeTextFileSync(path, "");
  const turning = new Deno.Command("perl", { args: ["-e", SCRIPT, way, root, `${least}`] }).spawn();
  const versions = new Map<string, string>();
  try {
    for (let count = 0; count < REQUESTS || versions.size < 2 && count < MOST_REQUESTS; count++) {
      const response = await get("/turning");
      // There is no file between its removal and the next one.
      if (statusOf(response) === 404 && AWAY.has(way)) continue;
      assert.equal(statusOf(response), 200);
      const content = contentOf(response);
      assert.equal(content.length, Number(fieldOf(response, "Content-Length")));
      if (content !== "" && way !== "cut") {
        assert.ok(content === String.fromCharCode(97 + content.length % 26).repeat(content.length));
      }
      const tag = fieldOf(response, "ETag")!;
      assert.ok((versions.get(tag) ?? content) === content, "one version has one content");
      versions.set(tag, content);
    }
    assert.ok(versions.size > 1, "the file has changed meanwhile");
  } finally {
    turning.kill("SIGKILL");
    await turning.status;
  }
  // A link leads elsewhere when what it led to is not kept any more.
  rig.clock.now += way === "linked" ? 1_000 : 0;
  const last = read(path);
  const found = contentOf(await get("/turning"));
  assert.ok(found === last, `${found.length} bytes are found of ${last.length}`);
}

/** What a file says that may be between two versions. */
function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    Deno.writeTextFileSync(path, "last");
    return "last";
  }
}

for (const way of ["written", "replaced", "removed", "linked", "cut"]) {
  testSite(`a small file that is ${way} all the time comes in one version each time`, async (site) => {
    await askMeanwhile(site, way, 1);
  });
}

for (const way of ["replaced", "linked"]) {
  testSite(`a large file that is ${way} all the time comes in one version each time`, async (site) => {
    await askMeanwhile(site, way, 100_000);
  });
}

testSite("without being kept, too, a file comes in one version each time", async (site) => {
  await askMeanwhile(site, "replaced", 1);
}, { fileCache: false });
