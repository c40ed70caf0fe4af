/**
 * The same configurations, and the same requests, to a real Apache and to fdpass: they lead to the same server, with the
 * same path, or to an error of the same class. What differs on purpose is in docs/apache.md.
 */

import assert from "node:assert/strict";
import { Apache, noApache } from "../support/apache.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { CONFIGURATIONS } from "./apache/cases.ts";
import type { Configuration, Request } from "./apache/configuration.ts";
import { DIFFERENCES } from "./apache/differences.ts";
import { EchoServers } from "./apache/echo_servers.ts";
import { ask, configurationAt, type Outcome, place, type Placed } from "./apache/routing_rig.ts";

/** Each at an address of its own, so that the ports are the same. */
const APACHE = "127.0.0.1";
const FDPASS = "127.0.0.2";
/** Configurations at a time. */
const TOGETHER = 16;
/** How often a balancer is asked at most, to see all of its members. */
const ROUNDS = 200;

/** A request under a configuration, and what became of it. */
interface Comparison {
  readonly configuration: Configuration;
  readonly request: Request;
  readonly apache: string;
  readonly fdpass: string;
}

/** The path of a target in one spelling, whatever is encoded, but for slashes; the query as it is. */
function decoded(target: string): string {
  const [path = "", ...query] = target.split("?");
  const bytes = path.replace(
    /%[0-9a-f]{2}/gi,
    (triple) => /%2f/i.test(triple) ? "%2F" : String.fromCharCode(Number.parseInt(triple.slice(1), 16)),
  );
  return [bytes, ...query].join("?");
}

/** An outcome as it is compared: of an error only the class. */
function summary(outcome: Outcome, exact = false): string {
  if (!("echo" in outcome)) {
    return outcome.status < 400 ? `${outcome.status}` : `${Math.floor(outcome.status / 100)}xx`;
  }
  const { server, host, target } = outcome.echo;
  return `${server} ${host} ${exact ? target : decoded(target)}`;
}

/** Asks until there are so many outcomes, where there can be several. */
async function outcomes(
  address: string,
  { configuration: { exact }, port }: Placed,
  request: Request,
): Promise<string> {
  const { outcomes: expected = 1 } = request;
  const seen = new Set<string>();
  for (let round = 0; round < ROUNDS && seen.size < expected; round++) {
    seen.add(summary(await ask(address, port, request), exact));
  }
  return [...seen].sort().join(" or ");
}

/** Sends everything to both. */
async function compareAll(): Promise<Comparison[]> {
  await using echo = await EchoServers.start();
  using directory = new TemporaryDirectory();
  using runDirectory = new TemporaryDirectory();
  const placed = place(CONFIGURATIONS);
  Deno.mkdirSync(directory.join("htdocs"));
  await using _apache = await Apache.start(
    directory,
    ["proxy", "proxy_http", "proxy_balancer", "lbmethod_byrequests", "slotmem_shm"],
    `DocumentRoot ${directory.join("htdocs")}\n${configurationAt(APACHE, placed, echo)}`,
  );
  const path = runDirectory.write(
    "site.conf",
    `DefaultRuntimeDir "${runDirectory.path}"\n${configurationAt(FDPASS, placed, echo)}`,
  );
  await using fdpass = await startUpFrom(path);
  const pending = [...placed];
  const comparisons: Comparison[] = [];
  // The requests of one configuration follow each other: two that take turns at a balancer would see one member each.
  const work = async () => {
    for (let at = pending.shift(); at !== undefined; at = pending.shift()) {
      for (const request of at.configuration.requests) {
        comparisons.push({
          configuration: at.configuration,
          request,
          apache: await outcomes(APACHE, at, request),
          fdpass: await outcomes(FDPASS, at, request),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  assert.equal((await fdpass.stop()).code, 0);
  return comparisons;
}

function describe({ configuration: { name, text }, request, apache, fdpass }: Comparison): string {
  return `${name}: ${JSON.stringify(request)}\n  Apache: ${apache}\n  fdpass: ${fdpass}\n${
    text.replaceAll(/^/gm, "    ")
  }`;
}

Deno.test({
  name: "fdpass routes as Apache does, but for what its documentation names",
  ignore: noApache !== undefined,
  fn: async () => {
    const comparisons = await compareAll();
    const answered = comparisons.filter(({ apache }) => !apache.endsWith("xx"));
    assert.ok(answered.length >= 150, `${answered.length} of ${comparisons.length} reached a server`);
    const seen = new Set<string>();
    const wrong = comparisons.filter((comparison) => {
      const { configuration, request, apache, fdpass } = comparison;
      if (apache === fdpass) return false;
      const known = DIFFERENCES.filter(({ about }) => about(request, configuration, comparison));
      for (const { sentence } of known) seen.add(sentence);
      return known.length !== 1;
    });
    assert.equal(wrong.length, 0, `${wrong.length} differ:\n${wrong.map(describe).join("\n")}`);
    // A difference that is none any more has to go.
    assert.deepEqual(DIFFERENCES.filter(({ sentence }) => !seen.has(sentence)), []);
  },
});

Deno.test("every difference in routing from Apache is in docs/apache.md, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/apache.md", import.meta.url));
  const [, section = ""] = /\n### What is otherwise\n([^]*?)\n##/.exec(page)!;
  const items = section.trim().split(/\n- |^- /).filter((item) => item !== "").map((item) =>
    item.replace(/\s+/g, " ").trim()
  );
  assert.deepEqual(items, DIFFERENCES.map(({ sentence }) => sentence));
});
