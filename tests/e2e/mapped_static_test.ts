/** Whatever a route maps a path to, a static backend serves what is below its directory, and all of that. */

import assert from "node:assert/strict";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

/** Ways to map a path to another base, and paths that lead to `/a.txt` by them. */
const ROUTES: readonly (readonly [route: Readonly<Record<string, string>>, prefix: string])[] = [
  [{ path: "/f1/", mapTo: "/" }, "/f1"],
  [{ path: "/f2", mapTo: "/" }, "/f2"],
  [{ path: "/f3", inOrder: "", mapTo: "/" }, "/f3"],
  [{ path: "/f4" }, "/f4"],
  [{ path: "/f5", mapTo: "//" }, "/f5"],
  [{ match: "^/m1(.*)$", mapTo: "/$1" }, "/m1"],
  [{ match: "^/m2(/.*)$", mapTo: "$1" }, "/m2"],
  [{ match: "^/m3/(.*)$", mapTo: "/$1" }, "/m3"],
  [{ match: "^/m4/?(.*)$", mapTo: "//$1" }, "/m4"],
  [{ match: "^/m5(/?)(.*)$", mapTo: "/$1$1/$2" }, "/m5"],
];

for (const symlinks of ["follow", "beneath", "never"] as const) {
  Deno.test(`mapped paths stay below the directory, with symlinks: "${symlinks}"`, async () => {
    using directory = new TemporaryDirectory();
    Deno.mkdirSync(directory.join("public/dir"), { recursive: true });
    directory.write("public/a.txt", "inside");
    directory.write("public/a.txt.gz", "inside, short");
    directory.write("public/dir/index.html", "index");
    directory.write("public/404.html", "nothing");
    const secret = directory.write("secret.txt", "secret");
    directory.write("secret.txt.gz", "secret, short");
    await using up = await startUp({
      listen: "127.0.0.1:0",
      sites: [{
        routes: ROUTES.map(([{ inOrder, ...way }]) => ({
          ...way,
          to: "files",
          ...inOrder === undefined ? {} : { inOrder: true },
        })),
      }],
      backends: {
        files: {
          socket: directory.join("files.sock"),
          static: directory.join("public"),
          symlinks,
          precompressed: true,
        },
      },
    });
    for (const [, prefix] of ROUTES) {
      for (const inside of ["/a.txt", "//a.txt", "/./a.txt", "/dir/..//a.txt", "/%61.txt"]) {
        assert.equal((await get(up.port, prefix + inside)).text, "inside", prefix + inside);
      }
      assert.equal((await get(up.port, `${prefix}/dir/`)).text, "index", prefix);
      const outside = [
        secret,
        `/${secret}`,
        `//${secret}`,
        `/.${secret}`,
        `/%2e${secret}`,
        `/..${secret}`,
        `/%2E%2e${secret}`,
        `/%2f${secret}`,
        secret.replaceAll("/", "%2F"),
        `/\\${secret}`,
        `/../secret.txt`,
        `/..%2fsecret.txt`,
        `..${secret}`,
        `../secret.txt`,
        `..`,
      ];
      for (const path of outside) {
        const { status, text } = await get(up.port, prefix + path);
        assert.ok(status >= 400 && !text.includes("secret"), `${prefix + path}: ${status} ${text}`);
      }
    }
    await up.stopCleanly();
  });
}
