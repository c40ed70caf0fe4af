/** The keys of the kind `relay`. */

import { z } from "zod";
import type { CookieRule, EncodedSlashes, Forwarded, Plain, Relay, ReverseRule } from "../../config.ts";
import { readDuration } from "../../quantity.ts";
import { quote, type Reading } from "../../reading.ts";
import { readCookieDomain, readCookiePath, readReverseRule, UPGRADE } from "../../relay_rules.ts";
import type { Balancing } from "../../balancing.ts";
import { formatUpstream, readUpstream, type Upstream } from "../../upstream.ts";
import type { Path } from "../report.ts";
import { duration, expect, flag, text, whole } from "../shapes.ts";
import { entriesOf, isObject } from "../value.ts";
import type { Entry, KindKeys, Place } from "./kind.ts";
import { readUpstreamTls, UPSTREAM_TLS } from "./upstream_tls.ts";
import { BALANCING_KEYS, BALANCING_SHAPE, readBalancing, UPSTREAM_SHAPE } from "./upstreams.ts";

const RULE = expect(`write a rule such as {"path": "/app/", "url": "http://127.0.0.1:3000/"}`);
const COOKIE_RULE = expect(`write a rule such as {"from": "/", "to": "/app/"}`);

function cookieRules(what: string, description: string): z.ZodType {
  const rule = z.strictObject({
    from: text(`write the ${what} that the upstream says`).meta({
      description: `How the ${what} begins that the upstream says.`,
    }),
    to: text(`write the ${what} that clients are to be told`).meta({
      description: `The ${what} that clients are told instead.`,
    }),
  }, { error: COOKIE_RULE });
  return z.array(rule, { error: COOKIE_RULE }).optional().meta({ description });
}

/** The keys of rules. */
export const RELAY_RULES = {
  reverse: ["path", "url"],
  cookieDomains: ["from", "to"],
  cookiePaths: ["from", "to"],
  ...BALANCING_KEYS,
} satisfies Record<string, string[]>;

/** What a plain relay has no use for: it does not look at requests and responses. */
const OF_HTTP = [
  "preserveHost",
  "preservePath",
  "encodedSlashes",
  "upgrade",
  "underscoresInHeaders",
  "forwarded",
  "reverse",
  "cookieDomains",
  "cookiePaths",
  ...Object.keys(BALANCING_SHAPE),
];

export const relayKeys: KindKeys = {
  choice: "upstream",
  advice: "add the URL of the server",
  shape: {
    upstream: UPSTREAM_SHAPE,
    ...BALANCING_SHAPE,
    tls: UPSTREAM_TLS,
    preserveHost: flag(false, "Whether the upstream is told the Host that the client means, not its own."),
    preservePath: flag(
      false,
      "Whether the upstream gets the path as the client wrote it, not in its normal form: slashes in a row, dot segments " +
        "and what is encoded stay. Routes and rules go by the normal form all the same.",
    ),
    upgrade: text(`write "websocket", another protocol, or "none"`, { pattern: UPGRADE.source }).optional()
      .meta({
        description:
          "The protocol that requests may change to (Upgrade), such as websocket; or none. Any unless given, but " +
          "for HTTP/2.",
      }),
    encodedSlashes: z.enum(["pass", "refuse"], { error: expect(`write "pass" or "refuse"`) }).optional().meta(
      {
        description:
          "What becomes of a path with an encoded slash (%2F), which some servers take for a slash. pass: it " +
          "stays encoded. refuse: 404.",
        default: "pass",
      },
    ),
    underscoresInHeaders: flag(
      false,
      "Whether the upstream gets header fields whose names have underscores. Many a server takes X_Forwarded_For for " +
        "X-Forwarded-For, and so what a client says for what the relay says.",
    ),
    forwarded: z.enum(["all", "legacy", "none"], { error: expect(`write "all", "legacy" or "none"`) })
      .optional()
      .meta({
        description:
          "What the upstream is told of who asks. all: Forwarded, X-Forwarded-For, -Host and -Proto. " +
          "legacy: as Apache does, X-Forwarded-For, -Host and -Server; what others have said is passed on. none.",
        default: "all",
      }),
    upstreamTimeout: duration(
      60_000,
      "Silence that the upstream may have while it owes a response, or the rest of one; 504 after that.",
    ),
    connectTimeout: duration(5_000, "Time for one attempt to connect to the upstream; 504 after that."),
    maxUpstream: whole(1, 65_535).optional().meta({
      description: "Connections to the upstream that one process has at most. Requests beyond that wait, " +
        "as long as upstreamTimeout; 503 after that. Any number unless given.",
    }),
    reverse: z.array(
      z.strictObject({
        path: text(`write a path such as "/app/"`).meta({
          description: "What clients get instead: a path, with their own Host before it, or a whole URL.",
        }),
        url: text(`write the URL that the server says, such as "http://127.0.0.1:3000/"`).meta({
          description: "How a URL of the upstream's begins; a path alone fits any host.",
        }),
      }, { error: RULE }),
      { error: RULE },
    ).optional().meta({
      description: "How URLs in Location, Content-Location and URI are rewritten, as by ProxyPassReverse; " +
        "the first rule that fits counts, and an empty list leaves all as they are. Unless given, the " +
        "upstream's own URLs become paths below the route.",
    }),
    cookieDomains: cookieRules(
      "domain",
      "How Domain of cookies is rewritten, as by ProxyPassReverseCookieDomain.",
    ),
    cookiePaths: cookieRules("path", "How Path of cookies is rewritten, as by ProxyPassReverseCookiePath."),
    plain: flag(
      false,
      "Whether the whole connection goes to the upstream as it is, without a look at its requests. Only for a " +
        "site that is alone on its addresses and has one route, /.",
    ),
    proxyProtocol: z.enum(["v1", "v2"], { error: expect(`write "v1" or "v2"`) }).optional().meta({
      description: "The same, with a header of the PROXY protocol first, which names the client.",
    }),
  },
  read(entry, place) {
    const { preserveHost, underscoresInHeaders } = entry;
    const { path, report } = place;
    const plain = readPlain(entry, place);
    const balancing = plain === undefined ? readBalancing(entry, place) : undefined;
    const upstream = readFirst(entry, place, { balancing, plain });
    if (upstream !== undefined && plain !== undefined && upstream.base !== "") {
      report.value(
        [...path, "upstream"],
        `Cannot put ${quote(upstream.base)} before the paths of a plain relay, which changes no request; ` +
          `write the URL without a path`,
      );
    }
    const options = optional<Relay>({
      tls: readUpstreamTls(entry, place, upstream?.tls === true),
      preserveHost: preserveHost === true ? true : undefined,
      preservePath: entry.preservePath === true ? true : undefined,
      upgrade: readUpgrade(entry, place),
      encodedSlashes: isEncodedSlashes(entry.encodedSlashes) ? entry.encodedSlashes : undefined,
      underscoresInHeaders: underscoresInHeaders === true ? true : undefined,
      forwarded: isForwarded(entry.forwarded) ? entry.forwarded : undefined,
      timeout: readTime(entry, "upstreamTimeout", place),
      connectTimeout: readTime(entry, "connectTimeout", place),
      balancing,
      maxUpstream: typeof entry.maxUpstream === "number" ? entry.maxUpstream : undefined,
      reverse: readRules(entry, "reverse", place, readReverseRule),
      cookieDomains: readRules(entry, "cookieDomains", place, readCookieDomain),
      cookiePaths: readRules(entry, "cookiePaths", place, readCookiePath),
      plain,
    });
    return upstream === undefined
      ? undefined
      : { kind: "relay", upstream: formatUpstream(upstream), ...options };
  },
};

/** The one server, or the first of several. */
function readFirst(
  { upstream: url }: Entry,
  { path, report, resolve }: Place,
  { balancing, plain }: { readonly balancing: Balancing | undefined; readonly plain: Plain | undefined },
): Upstream | undefined {
  if (balancing !== undefined) return upstreamIn(balancing.members[0]!.upstream);
  const at = [...path, "upstream"];
  if (Array.isArray(url)) {
    if (url.length > 0 && plain !== undefined) {
      const message = "Found several servers for a plain relay, which has one; make it one backend each";
      report.value(at, message);
    }
    return undefined;
  }
  return typeof url === "string" ? report.take(readUpstream(url, resolve), at) : undefined;
}

function upstreamIn(text: string): Upstream | undefined {
  const reading = readUpstream(text, (path) => path);
  return "value" in reading ? reading.value : undefined;
}

function isForwarded(value: unknown): value is Forwarded {
  return value === "all" || value === "legacy" || value === "none";
}

function isEncodedSlashes(value: unknown): value is EncodedSlashes {
  return value === "pass" || value === "refuse";
}

/** Without what is undefined. */
function optional<T>(values: { [Key in keyof T]?: T[Key] | undefined }): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

function readTime(entry: Entry, key: string, { path, report }: Place): number | undefined {
  const time = entry[key];
  if (typeof time !== "number" && typeof time !== "string") return undefined;
  return report.take(readDuration(time, { least: 1 }), [...path, key]);
}

function readUpgrade({ upgrade }: Entry, { path, report }: Place): string | undefined {
  if (typeof upgrade !== "string") return undefined;
  if (UPGRADE.test(upgrade)) return upgrade;
  report.value([...path, "upgrade"], `Found ${quote(upgrade)}; write one protocol in lower case, or "none"`);
  return undefined;
}

function readPlain(entry: Entry, { path, report }: Place): Plain | undefined {
  const { plain, proxyProtocol } = entry;
  const version = proxyProtocol === "v1" || proxyProtocol === "v2" ? proxyProtocol : undefined;
  if (version !== undefined && plain === false) {
    report.key([...path, "plain"], `Found "plain": false beside "proxyProtocol"; leave one of them out`);
  }
  const mode = version ?? (plain === true ? "bare" : undefined);
  const beside = mode === undefined ? undefined : OF_HTTP.find((key) => entry[key] !== undefined);
  if (beside !== undefined) {
    const key = version === undefined ? "plain" : "proxyProtocol";
    report.key(
      [...path, beside],
      `Found ${quote(beside)} beside ${quote(key)}, which changes nothing in requests and responses; ` +
        `leave one of them out`,
    );
  }
  return mode;
}

function readRules<Rule extends ReverseRule | CookieRule>(
  entry: Entry,
  key: "reverse" | "cookieDomains" | "cookiePaths",
  { path, report }: Place,
  read: (rule: Rule) => Reading<Rule>,
): readonly Rule[] | undefined {
  if (!Array.isArray(entry[key])) return undefined;
  const rules: Rule[] = [];
  for (const { value, path: at } of entriesOf(entry[key], [...path, key])) {
    if (!isRule<Rule>(value, RELAY_RULES[key])) continue;
    const rule = report.take(read(value), at as Path);
    if (rule !== undefined) rules.push(rule);
  }
  return rules;
}

/** What is no rule has been reported with the shape. */
function isRule<Rule>(value: unknown, names: readonly string[]): value is Rule {
  return isObject(value) && names.every((name) => typeof value[name] === "string");
}
