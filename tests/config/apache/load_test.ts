/** Configurations in the Apache syntax, with the files that they include, as they lie on a disk. */

import assert from "node:assert/strict";
import { ConfigError } from "../../../src/config/error.ts";
import { loadConfig } from "../../../src/config/load.ts";

/** A directory with these files in it; what begins with `->` is a link. */
async function inDirectory(
  files: Readonly<Record<string, string>>,
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "fdpass-config-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = `${directory}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      if (text.startsWith("->")) await Deno.symlink(text.slice(2), path);
      else await Deno.writeTextFile(path, text);
    }
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The paths of the routes that a configuration in a directory has. */
async function routesOf(directory: string): Promise<string[]> {
  const { listeners } = await loadConfig(`${directory}/site.conf`, { runDirectory: "/run/fdpass" });
  return listeners[0]!.sites[0]!.routes.map(({ path }) => path);
}

const pass = (path: string) => `ProxyPass /${path} fd:///run/${path}.sock\n`;

Deno.test("Include: patterns in the order of names, in directories too, and all that is in a directory", () =>
  inDirectory({
    "site.conf":
      "Include sites/*.conf\nInclude ho?ts/[ab]*/*.conf\nInclude all\nIncludeOptional none/*.conf\n",
    "sites/20.conf": pass("twenty"),
    "sites/10.conf": pass("ten"),
    "sites/.30.conf": pass("hidden"),
    "sites/40.conf.bak": pass("backup"),
    "hosts/b/x.conf": pass("bx"),
    "hosts/a/y.conf": pass("ay"),
    "hosts/c/z.conf": pass("cz"),
    "all/deep/one": pass("one"),
    "all/two": pass("two"),
  }, async (directory) => {
    assert.deepEqual(await routesOf(directory), ["/ten", "/twenty", "/ay", "/bx", "/one", "/two"]);
  }));

Deno.test("Include: a link is what it leads to, and one that leads nowhere is reported", () =>
  inDirectory({
    "site.conf": "Include enabled/*.conf\n",
    "available/a.conf": pass("a"),
    "enabled/a.conf": "->../available/a.conf",
  }, async (directory) => {
    assert.deepEqual(await routesOf(directory), ["/a"]);
    await Deno.remove(`${directory}/available/a.conf`);
    await assert.rejects(routesOf(directory), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /^\S*\/site\.conf:1:1: Include: Cannot read "\S*\/enabled\/a\.conf" \(.*\); make/,
      );
      return true;
    });
  }));

Deno.test("Include: relative to ServerRoot from there on, and a place in a file names that file", () =>
  inDirectory({
    "site.conf": "ServerRoot root\nInclude conf/bad.conf\n",
    "root/conf/bad.conf": "Listen 80\nProxyPas / fd:///run/a.sock\n",
  }, async (directory) => {
    await assert.rejects(
      routesOf(directory),
      /root\/conf\/bad\.conf:2:1: ProxyPas: Unknown directive; .*"ProxyPass"/,
    );
  }));
