/**
 * The same rules around ProxyPass, and the same requests, to a real Apache and to fdpass: the same status, the same fields
 * of the answer, and the same is told to the server behind. What differs on purpose is in docs/apache.md.
 */

import assert from "node:assert/strict";
import { Apache, noApache } from "../support/apache.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import type { Configuration, Request } from "./apache/configuration.ts";
import { place, type Placed } from "./apache/routing_rig.ts";
import { RULE_CONFIGURATIONS } from "./apache/rule_cases.ts";
import { RULE_DIFFERENCES } from "./apache/rule_differences.ts";
import { outcome, TellingServers } from "./apache/rule_rig.ts";

const ADDRESS = "127.0.0.1";
/** Requests at a time. */
const TOGETHER = 12;

/** As htpasswd has made them: of "bcrypt" (cost 5), "apr1" and "sha". */
const USERS = `ann:$2y$05$bkWJz17LacVa8Fk..Elwtucl3mNJUEoFuFB1.y/ws8OmPoSH.kC1K
bob:$apr1$oarkbVpQ$8eibSjFMzIVMpkiD0HZxD.
eve:{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY=
`;

/** What Apache needs loaded for them. */
const MODULES = [
  ..."proxy proxy_http headers rewrite alias env setenvif authz_host authz_user authz_groupfile".split(" "),
  ..."authn_core authn_file auth_basic access_compat".split(" "),
];

/** A request under a configuration, and what became of it. */
interface Comparison {
  readonly configuration: Configuration;
  readonly request: Request;
  readonly apache: string;
  readonly fdpass: string;
}

/** Everything at ports of one server. */
function configurationOf(
  placed: readonly Placed[],
  servers: TellingServers,
  directory: TemporaryDirectory,
): string {
  return placed.map(({ configuration: { text }, port }) => {
    const filled = text.replaceAll(/@([ab])/g, (_, name) => servers.url(name))
      .replaceAll(/\b(USERS|GROUPS|MAP)\b/g, (name) => directory.join(name));
    return `Listen ${ADDRESS}:${port}\n<VirtualHost *:${port}>\nServerName one.test\n${filled}\n</VirtualHost>\n`;
  }).join("");
}

async function compareAll(): Promise<Comparison[]> {
  await using servers = await TellingServers.start();
  using directory = new TemporaryDirectory();
  using runDirectory = new TemporaryDirectory();
  directory.write("USERS", USERS);
  directory.write("GROUPS", "team: eve bob\nother: ann\n");
  directory.write("MAP", "one 1\ntwo 2\n");
  Deno.mkdirSync(directory.join("htdocs"));
  const [atApache, atFdpass] = [place(RULE_CONFIGURATIONS), place(RULE_CONFIGURATIONS)];
  const root = `DocumentRoot ${directory.join("htdocs")}\n`;
  await using _apache = await Apache.start(
    directory,
    MODULES,
    root + configurationOf(atApache, servers, directory),
  );
  const path = runDirectory.write(
    "site.conf",
    `DefaultRuntimeDir "${runDirectory.path}"\n${root}${configurationOf(atFdpass, servers, directory)}`,
  );
  await using fdpass = await startUpFrom(path);
  const pending = atApache.flatMap(({ configuration, port }, index) =>
    configuration.requests.map((request) => ({ configuration, port, own: atFdpass[index]!.port, request }))
  );
  const comparisons: Comparison[] = [];
  const work = async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const { configuration, port, own, request } = next;
      comparisons.push({
        configuration,
        request,
        apache: await outcome(ADDRESS, port, request),
        fdpass: await outcome(ADDRESS, own, request),
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
  name:
    "rules around ProxyPass have the outcomes that they have with Apache, but for what its documentation names",
  ignore: noApache !== undefined,
  fn: async () => {
    const comparisons = await compareAll();
    assert.ok(comparisons.length >= 300, `${comparisons.length} requests`);
    const seen = new Set<string>();
    const wrong = comparisons.filter(({ configuration, request, apache, fdpass }) => {
      if (apache === fdpass) return false;
      const known = RULE_DIFFERENCES.filter(({ about }) => about(request, configuration, { apache, fdpass }));
      for (const { sentence } of known) seen.add(sentence);
      return known.length !== 1;
    });
    assert.equal(
      wrong.length,
      0,
      `${wrong.length} of ${comparisons.length} differ:\n${wrong.map(describe).join("\n")}`,
    );
    // A difference that is none any more has to go.
    assert.deepEqual(RULE_DIFFERENCES.filter(({ sentence }) => !seen.has(sentence)), []);
  },
});

Deno.test("every difference in rules from Apache is in docs/apache.md, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/apache.md", import.meta.url));
  const [, section = ""] = /\n### What is otherwise with rules\n([^]*?)\n##/.exec(page)!;
  const items = section.trim().split(/\n- |^- /).filter((item) => item !== "").map((item) =>
    item.replace(/\s+/g, " ").trim()
  );
  assert.deepEqual(items, RULE_DIFFERENCES.map(({ sentence }) => sentence));
});
