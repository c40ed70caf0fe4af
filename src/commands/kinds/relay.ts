/** The options of the kind `relay`. */

import { InvalidArgumentError, Option } from "commander";
import type { CookieRule, EncodedSlashes, Forwarded, Plain, ReverseRule } from "../../config/config.ts";
import type { Balancing } from "../../config/balancing.ts";
import type { ErrorPages } from "../../config/error_pages.ts";
import type { Reading } from "../../config/reading.ts";
import { readCookieDomain, readCookiePath, readReverseRule, UPGRADE } from "../../config/relay_rules.ts";
import { parseUpstreamTls, type UpstreamTls } from "../../config/upstream_tls.ts";
import { formatUpstream, readUpstream } from "../../config/upstream.ts";
import { UsageError } from "../../control/failure.ts";
import { absolute, duration, wholeNumber } from "../values.ts";
import type { KindOptions, Values } from "./kind.ts";

/** What a plain relay has no use for: it does not look at requests and responses. */
const OF_HTTP = {
  preserveHost: "--preserve-host",
  preservePath: "--preserve-path",
  encodedSlashes: "--encoded-slashes",
  upgrade: "--upgrade",
  underscoresInHeaders: "--underscores-in-headers",
  forwarded: "--forwarded",
  reverse: "--reverse",
  cookieDomains: "--cookie-domain",
  cookiePaths: "--cookie-path",
  errorPages: "--error-pages",
  errorOverride: "--error-override",
  balancing: "--balancing",
} as const;

/** Reads two words of an argument that may be repeated. */
function rules<Rule>(
  made: (first: string, second: string) => Rule,
  read: (rule: Rule) => Reading<Rule>,
): (text: string, before?: readonly Rule[]) => Rule[] {
  return (text, before = []) => {
    const [first, second, ...rest] = text.trim().split(/\s+/);
    if (first === undefined || second === undefined || rest.length > 0) {
      throw new InvalidArgumentError("It takes two words in quotes.");
    }
    const reading = read(made(first, second));
    if ("fault" in reading) throw new InvalidArgumentError(`${reading.fault}.`);
    return [...before, reading.value];
  };
}

const reverseRules = rules((path, url): ReverseRule => ({ path, url }), readReverseRule);
const cookieRule = (from: string, to: string): CookieRule => ({ from, to });

/** How an upstream is connected to, of whichever kind. */
export const UPSTREAM_OPTIONS: readonly Option[] = [
  new Option("--upstream-timeout <time>", "silence that the upstream may have (default: 60s)")
    .argParser(duration),
  new Option("--connect-timeout <time>", "for one attempt to connect to the upstream (default: 5s)")
    .argParser(duration),
  new Option("--max-upstream <n>", "connections to the upstream at most; requests beyond that wait")
    .argParser(wholeNumber(1, 65_535)),
];

export const relayOptions: KindOptions = {
  choice: new Option("--upstream <url>", "relay to an HTTP server: http(s)://host:port/base or unix:/path"),
  more: [
    new Option(
      "--upstream-tls <json>",
      "how an https:// upstream is spoken to: the keys of tls in a configuration",
    )
      .argParser(upstreamTls),
    new Option("--preserve-host", "tell the upstream the Host that the client means, not its own"),
    new Option("--preserve-path", "give the upstream the path as the client wrote it, not its normal form"),
    new Option(
      "--upgrade <protocol>",
      "what requests may change to: websocket, another protocol, or none (default: any)",
    )
      .argParser(upgrade),
    new Option("--encoded-slashes <what>", "what becomes of %2F in paths (default: pass)")
      .choices(["pass", "refuse"]),
    new Option("--underscores-in-headers", "pass fields on whose names have underscores"),
    new Option("--forwarded <fields>", "what the upstream is told of who asks (default: all)")
      .choices(["all", "legacy", "none"]),
    ...UPSTREAM_OPTIONS,
    new Option("--balancing <json>", "several servers, and how one is chosen; as fdpass up passes it on")
      .argParser(balancing),
    new Option(
      `--reverse <"path url">`,
      "URLs in responses that begin with the second word begin with the first; may be repeated; off: none",
    ).argParser((text: string, before?: ReverseRule[]) =>
      text === "off" ? before ?? [] : reverseRules(text, before)
    ),
    new Option(`--cookie-domain <"from to">`, "rewrite Domain of cookies; may be repeated")
      .argParser(rules(cookieRule, readCookieDomain)),
    new Option(`--cookie-path <"from to">`, "rewrite Path of cookies; may be repeated")
      .argParser(rules(cookieRule, readCookiePath)),
    new Option("--error-pages <json>", "pages instead of errors, by status: a text, a file or a url each")
      .argParser(errorPages),
    new Option("--error-override <statuses>", "errors of the upstream that are replaced: all, or 404,500")
      .argParser(statuses),
    new Option("--plain", "pass the whole connection on as it is"),
    new Option("--proxy-protocol <version>", "the same, with a PROXY protocol header first: v1 or v2")
      .choices(["v1", "v2"]),
  ],
  read(values) {
    const reading = readUpstream(values.upstream as string, absolute);
    if ("fault" in reading) throw new UsageError(reading.fault);
    const plain = values.proxyProtocol as Plain | undefined ?? (values.plain === true ? "bare" : undefined);
    if (values.upstreamTls !== undefined && !reading.value.tls) {
      throw new UsageError(
        "Cannot use --upstream-tls with a server that is spoken to in clear text; write https://",
      );
    }
    const options = {
      tls: values.upstreamTls as UpstreamTls | undefined,
      preserveHost: values.preserveHost as true | undefined,
      preservePath: values.preservePath as true | undefined,
      upgrade: values.upgrade as string | undefined,
      encodedSlashes: values.encodedSlashes as EncodedSlashes | undefined,
      underscoresInHeaders: values.underscoresInHeaders as true | undefined,
      forwarded: values.forwarded as Forwarded | undefined,
      timeout: values.upstreamTimeout as number | undefined,
      connectTimeout: values.connectTimeout as number | undefined,
      maxUpstream: values.maxUpstream as number | undefined,
      balancing: values.balancing as Balancing | undefined,
      reverse: values.reverse as ReverseRule[] | undefined,
      cookieDomains: values.cookieDomain as CookieRule[] | undefined,
      cookiePaths: values.cookiePath as CookieRule[] | undefined,
      errorPages: values.errorPages as ErrorPages | undefined,
      errorOverride: values.errorOverride as readonly number[] | "all" | undefined,
      plain,
    };
    if (plain !== undefined) refuseBeside(options, values, reading.value.base);
    return {
      kind: "relay",
      upstream: formatUpstream(reading.value),
      ...defined(options),
    };
  },
};

/** What a configuration makes of several servers. Of what people write, that it is this at all is looked at. */
function balancing(text: string): Balancing {
  try {
    const given: Balancing = JSON.parse(text);
    const isServer = ({ upstream }: Balancing["members"][number]) =>
      typeof upstream === "string" && "value" in readUpstream(upstream, absolute);
    if (given.members.length > 0 && given.members.every(isServer)) return given;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError(
    `It takes JSON, such as {"members": [{"upstream": "http://127.0.0.1:3000"}]}.`,
  );
}

function errorPages(text: string): ErrorPages {
  try {
    const pages: Record<string, Record<string, unknown>> = JSON.parse(text);
    const isPage = ([status, page]: [string, Record<string, unknown>]) =>
      /^[45]\d\d$/.test(status) &&
      ["text", "file", "url", "path"].filter((key) => typeof page[key] === "string").length === 1;
    if (Object.entries(pages).every(isPage)) return pages as ErrorPages;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError(`It takes JSON, such as {"503": {"file": "/srv/503.html"}}.`);
}

function upgrade(text: string): string {
  if (UPGRADE.test(text)) return text;
  throw new InvalidArgumentError("It takes one protocol in lower case, or none.");
}

function upstreamTls(text: string): UpstreamTls {
  const reading = parseUpstreamTls(text, absolute);
  if ("fault" in reading) throw new InvalidArgumentError(`${reading.fault}.`);
  return reading.value;
}

function statuses(text: string): readonly number[] | "all" {
  if (text === "all") return text;
  if (/^[45]\d\d(,[45]\d\d)*$/.test(text)) return text.split(",").map(Number);
  throw new InvalidArgumentError("It takes all, or statuses from 400 to 599, such as 404,500.");
}

/** What would change requests and responses has no place where nobody looks at them. */
function refuseBeside(options: Values, { proxyProtocol }: Values, base: string): void {
  const flag = proxyProtocol === undefined ? "--plain" : "--proxy-protocol";
  for (const [name, other] of Object.entries(OF_HTTP)) {
    if (options[name] === undefined) continue;
    throw new UsageError(`Cannot use ${other} with ${flag}, which changes nothing in requests and responses`);
  }
  if (base !== "") {
    throw new UsageError(
      `Cannot put "${base}" before paths with ${flag}, which changes no request; write the URL without a path`,
    );
  }
}

/** Options that are given. */
function defined<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
