/**
 * The same configurations that serve files, and the same requests, to a real Apache and to fdpass: the same status, the same
 * fields, the same content. What differs on purpose is in docs/apache-files.md.
 */

import assert from "node:assert/strict";
import { Apache, noApache } from "../support/apache.ts";
import { freePort } from "../support/ports.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import type { FileCase, FileRequest } from "./apache/file_case.ts";
import { FILE_CASES } from "./apache/file_cases.ts";
import { KEPT_BACK } from "./apache/file_handler_cases.ts";
import { FILE_DIFFERENCES } from "./apache/file_differences.ts";
import { askForFile } from "./apache/file_rig.ts";
import { makeTree } from "./apache/file_tree.ts";
import { TellingServers } from "./apache/rule_rig.ts";

/** Requests at a time. */
const TOGETHER = 12;

/** What Apache needs loaded for them. */
const MODULES = [
  ..."proxy proxy_http headers rewrite alias env setenvif dir mime autoindex authz_host".split(" "),
  ..."authn_core access_compat actions filter include".split(" "),
];

/** A request under a configuration, and what became of it. */
interface Comparison {
  readonly configuration: FileCase;
  readonly request: FileRequest;
  readonly apache: string;
  readonly fdpass: string;
}

function configurationOf(ports: readonly number[], servers: TellingServers, tree: string): string {
  return FILE_CASES.map(({ text }, index) => {
    const port = ports[index]!;
    const filled = text.replaceAll(/@([ab])/g, (_, name) => servers.url(name)).replaceAll("TREE", tree);
    return `Listen 127.0.0.1:${port}\n<VirtualHost *:${port}>\nServerName one.test\n${filled}\n</VirtualHost>\n`;
  }).join("");
}

async function compareAll(): Promise<Comparison[]> {
  await using servers = await TellingServers.start();
  using directory = new TemporaryDirectory();
  using runDirectory = new TemporaryDirectory();
  const tree = makeTree(directory);
  const [atApache, atFdpass] = [FILE_CASES.map(() => freePort()), FILE_CASES.map(() => freePort())];
  const main = `TypesConfig ${tree}/mime.types\n`;
  await using _apache = await Apache.start(
    directory,
    MODULES,
    main + configurationOf(atApache, servers, tree),
  );
  const path = runDirectory.write(
    "site.conf",
    `DefaultRuntimeDir "${runDirectory.path}"\n${main}${configurationOf(atFdpass, servers, tree)}`,
  );
  await using fdpass = await startUpFrom(path);
  const tag = /etag=(\S+)/.exec(await askForFile(atApache[0]!, "/a.txt", ""))![1]!;
  const pending = FILE_CASES.flatMap((configuration, index) =>
    configuration.requests.map((request) => ({ configuration, index, request }))
  );
  const comparisons: Comparison[] = [];
  const work = async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const { configuration, index, request } = next;
      comparisons.push({
        configuration,
        request,
        apache: await askForFile(atApache[index]!, request, tag),
        fdpass: await askForFile(atFdpass[index]!, request, tag),
      });
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  assert.equal((await fdpass.stop()).code, 0);
  return comparisons;
}

function describe({ configuration: { name }, request, apache, fdpass }: Comparison): string {
  return `${name}: ${JSON.stringify(request)}\n  Apache: ${apache}\n  fdpass: ${fdpass}`;
}

Deno.test({
  name: "files are served as Apache serves them, but for what the documentation names",
  ignore: noApache !== undefined,
  fn: async () => {
    const comparisons = await compareAll();
    assert.ok(comparisons.length >= 120, `${comparisons.length} requests`);
    const served = comparisons.filter(({ apache }) => apache.startsWith("20"));
    assert.ok(served.length >= 60, `${served.length} of ${comparisons.length} are served`);
    const open = comparisons.filter(({ configuration: { name }, fdpass }) =>
      name.startsWith(KEPT_BACK) && !fdpass.startsWith("403")
    );
    assert.equal(open.length, 0, `sources got out:\n${open.map(describe).join("\n")}`);
    const seen = new Set<string>();
    const wrong = comparisons.filter(({ configuration, request, apache, fdpass }) => {
      if (apache === fdpass) return false;
      const known = FILE_DIFFERENCES.filter(({ about }) => about(request, configuration, { apache, fdpass }));
      for (const { sentence } of known) seen.add(sentence);
      return known.length !== 1;
    });
    const all = `${wrong.length} of ${comparisons.length} differ:\n${wrong.map(describe).join("\n")}`;
    assert.equal(wrong.length, 0, all);
    // A difference that is none any more has to go.
    assert.deepEqual(FILE_DIFFERENCES.filter(({ sentence }) => !seen.has(sentence)), []);
  },
});

Deno.test("every difference with files from Apache is in docs/apache-files.md, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/apache-files.md", import.meta.url));
  const [, section = ""] = /\n### What is otherwise with files\n([^]*?)\n##/.exec(page)!;
  const items = section.trim().split(/\n- |^- /).filter((item) => item !== "").map((item) =>
    item.replace(/\s+/g, " ").trim()
  );
  assert.deepEqual(items, FILE_DIFFERENCES.map(({ sentence }) => sentence));
});
