/**
 * The shape of a JSON configuration, as users write it. It checks what has a type and a range; what texts
 * mean, and how parts fit each other, is the business of the files beside it. The same shape, described, is
 * the published JSON Schema, whose patterns only help editors: they are looser than the readers.
 */

import { z } from "zod";
import { DEFAULT_LIMITS } from "../config.ts";
import { ACCESS_LOG_KEYS, accessLog } from "./access_log.ts";
import { ADMIN_KEYS, ADMIN_SHAPE } from "./admin.ts";
import { COMPRESSION_KEYS, compressShape } from "./compression.ts";
import { FRONT_STATUSES } from "../error_documents.ts";
import { found } from "../reading.ts";
import { LISTEN_KEYS, LISTEN_SHAPE } from "./addresses.ts";
import { UPSTREAM_TLS_KEYS } from "./kinds/upstream_tls.ts";
import { KEYS_BELOW_BACKENDS, KIND_SHAPE, ONE_KIND } from "./kinds/kinds.ts";
import { KEYS_BELOW_ROUTES, RULE_SHAPE } from "./rule_shapes.ts";
import { amount, duration, expect, flag, oneOrMore, size, text, whole } from "./shapes.ts";
import { FRONT_TLS, SITE_TLS, TLS_KEYS } from "./tls.ts";
import { TRUST_SHAPE } from "./trust.ts";

const NAME = `write a host name such as "example.com", or leave out "names" to take every Host`;
const siteName = text(NAME, { examples: ["example.com", "*.example.com"] });

export const TARGET = `write a target such as "fd:///run/app.sock", or a list of targets`;
const target = text(TARGET, {
  pattern: "^([fF][dD]://.+|[A-Za-z0-9][A-Za-z0-9._-]*)$",
  examples: ["fd:///run/app.sock", "fd://run/app.sock", "app"],
});
const targets = oneOrMore(target, expect(TARGET));

const route = z.strictObject({
  path: text(`write a path such as "/"`, { pattern: "^/[^?#]*$", examples: ["/", "/files/"] }).optional()
    .meta({
      description: "A path prefix. It covers whole segments: /a covers /a and /a/b, not /ab. " +
        "Of several that cover a request the longest takes it.",
    }),
  match: text(`write a regular expression, such as "^/img/(.*)$"`, { examples: ["^/img/(.*)$"] }).optional()
    .meta({
      description:
        "Instead of path: a regular expression of JavaScript that matches somewhere in the path, " +
        "decoded. Such routes are tried in order, before the longest path counts.",
    }),
  inOrder: flag(false, "Whether this path is tried in its turn among the routes with match, not by length."),
  to: targets.nullable().optional().meta({
    description: "Where the route leads: the socket of a backend (fd:///run/app.sock, or fd://run/app.sock " +
      "relative to this file), or a name from backends. Each target of a list can serve the route. " +
      "With null nobody serves it: 404.",
  }),
  mapTo: text(`write a path such as "/base/"`, { pattern: "^[/$][^?#]*$", examples: ["/base/", "/img/$1"] })
    .optional().meta({
      description: "What backends find in place of the path, character by character. With match it is the " +
        "whole mapped path: $0 is what was matched, $1 to $9 are its groups.",
    }),
  sticky: flag(
    false,
    "Whether a client, told by its IP address, goes to the same backend process each time, " +
      "as long as that can take it.",
  ),
  keepAlive: z.enum(["hold", "return", "close"], {
    error: expect(`write "hold", "return" or "close"`),
  }).optional().meta({
    description: "What a backend does with a connection after an answer: hold it until the next request, " +
      "return it to the front when none comes at once, or close it. Unless given, hold where the route takes " +
      "every request on the connection, and return elsewhere.",
  }),
  ...RULE_SHAPE,
}, { error: expect(`write a route such as {"path": "/", "to": "fd:///run/app.sock"}`) })
  .meta({
    oneOf: [{ required: ["path"] }, { required: ["match"] }],
    anyOf: [{ required: ["to"] }, { required: ["redirect"] }],
  });

const errorDocuments = z.record(
  z.string().meta({ enum: [...FRONT_STATUSES] }),
  text("write a text", { examples: ["<h1>Nothing here</h1>"] }),
  { error: expect(`write an object such as {"404": "Nothing here"}`) },
).optional();

const ROUTES = `write a list of routes such as [{"path": "/", "to": "fd:///run/app.sock"}]`;
const site = z.strictObject({
  names: oneOrMore(siteName, expect(NAME)).optional().meta({
    description: "Host names that the site answers to; *.example.com stands for every name below " +
      "example.com. Without names it takes every Host.",
  }),
  listen: LISTEN_SHAPE.optional().meta({
    description: "Addresses that the site answers on, of the top-level list or besides it. " +
      "Without them it answers on every address of the top-level list.",
  }),
  routes: z.array(route, { error: expect(ROUTES) })
    .min(1, { error: () => `Found an empty list; ${ROUTES}` })
    .optional().meta({ description: "The parts of the site's paths, and where each leads." }),
  to: targets.optional().meta({
    description: "Instead of routes: the one place where every path leads.",
  }),
  ...SITE_TLS,
  accessLog: z.union([z.literal(false), accessLog], { error: expect("write a file, an object, or false") })
    .optional().meta({
      description: "Where requests of this site get a line, instead of where others do; false: nowhere.",
    }),
  errorDocuments: errorDocuments.meta({
    description: "What clients of the site get in place of the front's own words, by status. A text that " +
      "begins with < is HTML.",
  }),
}, { error: expect(`write a site such as {"names": "example.com", "to": "fd:///run/app.sock"}`) })
  .meta({ oneOf: [{ required: ["routes"] }, { required: ["to"] }] });

const MODE = `write permissions such as "660"`;
const backend = z.strictObject({
  socket: text(`write the path of the backend's socket, such as "/run/app.sock"`)
    .meta({ description: "Path of the Unix socket that it receives on, relative to this file." }),
  ...KIND_SHAPE,
  workers: whole(1, 256).optional().meta({
    description: "Processes behind the one socket.",
    default: 1,
  }),
  weight: whole(1, 100).optional().meta({
    description: "Its share beside the other backends of a route: with 2 it gets twice as much.",
    default: 1,
  }),
  flusher: z.enum(["none", "flush"], {
    error: expect(`write "none" or "flush"`),
  }).optional().meta({
    description:
      "For a backend that speaks the protocol of Apache's mod_proxy_fdpass (its socket is SOCK_STREAM): none " +
      "hands the connection over untouched; flush takes the request's head from it and sends the head of a response, " +
      "as Apache does. Without meaning for a backend of fdpass.",
    default: "none",
  }),
  mode: text(MODE, { pattern: "^0?[0-7]{3}$", examples: ["600", "660"] }).regex(/^0?[0-7]{3}$/, {
    error: ({ input }) => `Found ${found(input)}; ${MODE}`,
  }).optional().meta({
    description:
      "Permissions of the socket file that fdpass up makes, in octal. Who may connect may hand over.",
    default: "600",
  }),
  owner: whole(0, 4_294_967_294).optional().meta({
    description: "Numeric user that is to own the socket file.",
  }),
  group: whole(0, 4_294_967_294).optional().meta({ description: "Numeric group of the socket file." }),
  maxConnections: whole(1, 1_048_576).optional().meta({
    description:
      "Connections that one process of fdpass up holds at most; idle ones give way, others go elsewhere.",
  }),
  maxContent: amount(
    `write bytes, or "64m"`,
    "Content that a request may have; 413 beyond. 1 GiB for relays and CGI unless given.",
    ["64m", 1_048_576],
  ),
  contentTimeout: amount(
    `write seconds, or "10m"`,
    "What the content of a request may take; 408 beyond. No limit unless given.",
    ["10m", 600],
  ),
  minContentRate: whole(0, 1_073_741_824).optional().meta({
    description:
      "Bytes of content a second that a client has to send while it is waited for, after 20 seconds; " +
      "408 below. 0 is any rate. 500 for relays and CGI unless given.",
  }),
  abortDelay: amount(
    `write seconds, or "250ms"`,
    "Of fetch and upstream: time from the end of a client that waits for its response to where it counts as " +
      "gone; a handler's request.signal is aborted then, and a relay's request ended. 0: at once. " +
      "250ms unless given.",
    ["250ms", 30],
  ),
  compress: compressShape.optional().meta({
    description:
      "Of fetch, static, upstream, fastcgi and cgi: whether responses are compressed (zstd, br, gzip) for " +
      "clients that take them so, or an object that says which and how.",
    default: false,
  }),
}, { error: expect(`write a backend such as {"socket": "/run/app.sock", "fetch": "./app.ts"}`) })
  .meta(ONE_KIND);

const SITES = `write a list of sites such as [{"to": "fd:///run/app.sock"}]`;
const USER = "write a numeric user id, as the command `id -u NAME` prints it";

const RATE = "write a number a second, from 0.01 to 1000000";
const rate = z.number({ error: expect(RATE) }).min(0.01, { error: expect(RATE) })
  .max(1_000_000, { error: expect(RATE) });

const document = z.strictObject({
  $schema: z.string({ error: expect("write the address of a JSON Schema") }).optional()
    .meta({ description: "Where an editor finds this schema; fdpass ignores it." }),
  listen: LISTEN_SHAPE.meta({
    description: "Addresses that the front listens on. A port alone means every address of the host, " +
      "IPv4 and IPv6; port 0 lets the kernel choose.",
  }),
  sites: z.array(site, { error: expect(SITES) }).min(1, { error: () => `Found an empty list; ${SITES}` })
    .meta({
      description: "Virtual hosts. The first one on an address takes what no other claims there, " +
        "unless a site without names does.",
    }),
  backends: z.record(
    z.string().meta({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" }),
    backend,
    { error: expect(`write an object such as {"app": {"socket": "/run/app.sock"}}`) },
  ).optional().meta({
    description: "Processes that receive connections, by name. Those with fetch, static or upstream are " +
      "started by fdpass up; the others are somebody else's.",
  }),
  accessLog: accessLog.optional().meta({
    description: "Where each request gets a line when it is finished, and how. Several with a list.",
  }),
  admin: ADMIN_SHAPE.optional().meta({
    description:
      "Where the front shows figures (/metrics), whether it serves (/ready) and a status page: for " +
      "operators alone.",
  }),
  trustRequestIds: flag(
    false,
    "Whether the X-Request-Id of a client is what its request is called; only behind a server that sets it.",
  ),
  ...TRUST_SHAPE,
  errorDocuments: errorDocuments.meta({
    description: "What clients get in place of the front's own words where the site says nothing, by status.",
  }),
  tls: FRONT_TLS,
  headTimeout: duration(
    DEFAULT_LIMITS.headTimeout,
    "From accept to a complete request head; 408 after that.",
  ),
  acknowledgeTimeout: duration(
    DEFAULT_LIMITS.acknowledgeTimeout,
    "From a hand-off to its acknowledgement, before the backend is given up.",
  ),
  queueTimeout: duration(
    DEFAULT_LIMITS.queueTimeout,
    "What a connection waits for a backend that can take it; 503 after that.",
  ),
  keepAliveTimeout: duration(
    DEFAULT_LIMITS.keepAliveTimeout,
    "What a connection may be idle between two requests before it is closed.",
  ),
  drainTimeout: duration(DEFAULT_LIMITS.drainTimeout, "What draining may take before the front exits."),
  maxRequestLine: size(DEFAULT_LIMITS.requestLine, "Bytes of a request line; 414 beyond."),
  maxHead: size(DEFAULT_LIMITS.head, "Bytes of a request head, request line and all; 431 beyond."),
  maxUnacknowledged: whole(1, 1_024).optional().meta({
    description: "Hand-offs to one backend process that may be unacknowledged at a time.",
    default: DEFAULT_LIMITS.unacknowledged,
  }),
  maxQueue: whole(0, 1_048_576).optional().meta({
    description: "Connections of one front worker that may wait for a backend; 503 at once beyond.",
    default: DEFAULT_LIMITS.queue,
  }),
  maxParked: whole(0, 1_048_576).optional().meta({
    description:
      "Idle connections that one front worker keeps; beyond, the one that is idle longest is closed.",
    default: DEFAULT_LIMITS.parked,
  }),
  maxRequests: whole(0, 65_535).optional().meta({
    description: "Requests on one connection, after which it is closed; 0 for any number.",
    default: DEFAULT_LIMITS.requests,
  }),
  maxConnectionsPerClient: whole(1, 1_048_576).optional().meta({
    description:
      "Connections of one client (an IPv4 address, or 64 bits of an IPv6 address) that one front worker " +
      "owns at a time: those that are read, wait or are idle, not those that backends have. Beyond that new ones are " +
      "closed. Any number unless given.",
  }),
  maxConnectionRatePerClient: rate.optional().meta({
    description:
      "New connections of one client a second, at one front worker; beyond that new ones are closed. " +
      "Any number unless given.",
  }),
  maxConnectionBurstPerClient: whole(1, 1_048_576).optional().meta({
    description:
      "How many of them may come at once, after a time without any; as many as in a second unless given.",
  }),
  maxRequestRatePerClient: rate.optional().meta({
    description:
      "Requests of one client a second, at one front worker and at one backend process of fdpass; 429 " +
      "beyond. Any number unless given.",
  }),
  maxRequestBurstPerClient: whole(1, 1_048_576).optional().meta({
    description:
      "How many of them may come at once, after a time without any; as many as in a second unless given.",
  }),
  allowUsers: z.array(
    z.int({ error: expect(USER) }).min(0, { error: expect(USER) }).max(4_294_967_294, {
      error: expect(USER),
    }),
    { error: expect("write a list of numeric user ids such as [1000]") },
  ).optional().meta({
    description:
      "User ids that may be on the other end of a hand-off channel, besides the front's own and 0.",
    default: [],
  }),
}, { error: expect("start with {") })
  .meta({ title: "fdpass configuration", description: "The sites of an fdpass front and their backends." });

/** The shape of a whole document. */
export const DOCUMENT_SCHEMA: z.ZodType = document;

/** The keys of each sort of object in a document, for telling users which they may have meant. */
export const KNOWN_KEYS = {
  document: Object.keys(document.shape),
  site: Object.keys(site.shape),
  route: Object.keys(route.shape),
  backend: Object.keys(backend.shape),
  accessLog: ACCESS_LOG_KEYS,
  listen: LISTEN_KEYS,
  tls: TLS_KEYS,
  upstreamTls: UPSTREAM_TLS_KEYS as string[],
  admin: ADMIN_KEYS,
  ...COMPRESSION_KEYS,
  ...KEYS_BELOW_ROUTES,
  ...KEYS_BELOW_BACKENDS,
} as const satisfies Record<string, readonly string[]>;

/**
 * The published schema of the JSON syntax, for editors: what `fdpass schema` prints.
 *
 * @returns A JSON Schema (draft 2020-12), every property described.
 */
export function jsonSchema(): object {
  return z.toJSONSchema(document, { io: "input" });
}
