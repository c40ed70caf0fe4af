/** The keys of the kind `relay` about several servers, and about how they are. */

import { z } from "zod";
import {
  type BalancedMember,
  type Balancing,
  BALANCING_METHODS,
  HEALTH_CHECK_DEFAULTS,
  HEALTH_CHECK_METHODS,
  type HealthCheck,
  isCookieName,
  isRoute,
  isSeparator,
  RETRY_AFTER,
  type Sticky,
} from "../../balancing.ts";
import { readDuration } from "../../quantity.ts";
import { found, quote, type Reading } from "../../reading.ts";
import { formatUpstream, readUpstream } from "../../upstream.ts";
import type { Path } from "../report.ts";
import { duration, expect, flag, oneOrMore, text, whole } from "../shapes.ts";
import { isObject } from "../value.ts";
import type { Entry, Place } from "./kind.ts";

const URL_HINT = `write the URL of an HTTP server, such as "http://127.0.0.1:3000"`;
const LIST_HINT =
  `write a list such as ["http://127.0.0.1:3001", {"url": "http://127.0.0.1:3002", "weight": 2}]`;
const STATUS_HINT = `write statuses from 100 to 599, such as 200 or "200-399"`;

const url = text(URL_HINT, {
  pattern: "^([hH][tT][tT][pP][sS]?://|[uU][nN][iI][xX]:)[^ ?#]+$",
  examples: ["http://127.0.0.1:3000", "https://app.example.com/base", "unix:/run/app.sock"],
});

const member = z.strictObject({
  url: url.meta({ description: "The server: http://host[:port][/base], https://…, or unix:/path." }),
  weight: whole(1, 100).optional().meta({
    description: "Its share of requests beside the others.",
    default: 1,
  }),
  route: text(`write a name such as "n1"`).optional().meta({
    description: "What sessions call it: the part of the cookie behind the separator.",
  }),
  redirect: text(`write the route of another server`).optional().meta({
    description: "The route of the server that has its sessions while it cannot be used.",
  }),
  set: whole(0, 99).optional().meta({
    description: "Servers of a higher set are used where none of a lower one can be.",
    default: 0,
  }),
  standby: flag(false, "Whether it is used only where no other of its set can be."),
  spare: flag(false, "Whether it is used only in the place of one of its set that cannot be."),
  draining: flag(false, "Whether it gets requests of its own sessions, and no others."),
  disabled: flag(false, "Whether it gets no requests."),
}, { error: expect(LIST_HINT) });

/** The key that chooses the kind. */
export const UPSTREAM_SHAPE: z.ZodType = oneOrMore(
  z.union([url, member], { error: expect(URL_HINT) }),
  expect(URL_HINT),
)
  .optional().meta({
    description:
      "An HTTP server that knows nothing of hand-offs: requests are relayed to it, below the path of the URL. With a " +
      "list, to one of several. fdpass up runs the relay, not the servers.",
  });

const status = z.union([
  whole(100, 599, STATUS_HINT),
  z.string().meta({ pattern: "^[1-5][0-9][0-9]-[1-5][0-9][0-9]$" }),
], { error: expect(STATUS_HINT) });

const sticky = z.strictObject({
  cookie: text(`write the name of a cookie, such as "JSESSIONID"`).meta({
    description: "The cookie whose value names a route behind the separator.",
  }),
  parameter: text("write the name of a parameter").optional().meta({
    description:
      "The same in the path or the query, as in ;jsessionid=abc.n1; that of the cookie unless given.",
  }),
  separator: text(`write one character, or "" where the whole value is the route`).optional().meta({
    description: "What stands before the route, where it is first in the value.",
    default: ".",
  }),
  insert: flag(
    false,
    "Whether the relay gives clients the cookie, with the route of the server that they got.",
  ),
  strict: flag(false, "Whether a session gets 503 where its server cannot be used, and no other server."),
}, { error: expect(`write an object such as {"cookie": "JSESSIONID"}`) });

const check = z.strictObject({
  method: z.enum(HEALTH_CHECK_METHODS, { error: expect(`write "GET", "HEAD", "OPTIONS" or "TCP"`) })
    .optional()
    .meta({ description: "How they are asked. TCP: whether they take a connection.", default: "GET" }),
  path: text(`write a path such as "/healthz"`, { pattern: "^/[^ #]*$" }).optional().meta({
    description: "What they are asked for, below the base of their URL.",
    default: HEALTH_CHECK_DEFAULTS.path,
  }),
  interval: duration(
    HEALTH_CHECK_DEFAULTS.interval,
    "How often each process of the relay asks each of them.",
  ),
  timeout: duration(HEALTH_CHECK_DEFAULTS.timeout, "Time for the whole of one answer."),
  rise: whole(1, 100).optional().meta({
    description: "Good answers in a row that bring a server back.",
    default: HEALTH_CHECK_DEFAULTS.rise,
  }),
  fall: whole(1, 100).optional().meta({
    description: "Failures in a row that take it out.",
    default: HEALTH_CHECK_DEFAULTS.fall,
  }),
  status: oneOrMore(status, expect(STATUS_HINT)).optional().meta({
    description: "Statuses that are good.",
    default: "200-399",
  }),
}, { error: expect(`write an object such as {"path": "/healthz"}`) });

/** The keys beside it. */
export const BALANCING_SHAPE: Record<string, z.ZodType> = {
  balance: z.enum(BALANCING_METHODS, { error: expect(`write "requests", "traffic" or "busyness"`) })
    .optional()
    .meta({
      description:
        "What is evened out among several servers: requests (in turn), bytes, or requests under way.",
      default: "requests",
    }),
  session: sticky.optional().meta({
    description: "How a client comes to the server again that has its session.",
  }),
  failOnStatus: z.array(whole(100, 599, "write statuses from 100 to 599, such as 503"), {
    error: expect("write a list such as [500, 503]"),
  })
    .optional().meta({
      description: "Statuses after which a server is left out for retryAfter.",
      default: [],
    }),
  failOnTimeout: flag(false, "Whether a server that did not respond in time is left out."),
  retryAfter: duration(
    RETRY_AFTER,
    "How long a server that has failed is left out before it is tried again.",
  ),
  attempts: whole(0, 100).optional().meta({
    description: "Servers that are asked at most after one that cannot be reached; all others unless given.",
  }),
  check: check.optional().meta({
    description: "Questions at intervals, whether anybody asks something or not; none unless given.",
  }),
};

/** The keys of objects that are values of such keys, by the key. */
export const BALANCING_KEYS = {
  upstream: Object.keys(member.shape),
  session: Object.keys(sticky.shape),
  check: Object.keys(check.shape),
};

/** Several servers, or what else is said of the one; undefined where nothing is, or what is there is faulty. */
export function readBalancing(entry: Entry, place: Place): Balancing | undefined {
  const { upstream: given } = entry;
  const keys = Object.keys(BALANCING_SHAPE).filter((key) => entry[key] !== undefined);
  if (!Array.isArray(given) && keys.length === 0) return undefined;
  const isList = Array.isArray(given);
  const shared = {
    ...optional("retryAfter", readTime(entry, "retryAfter", place, 0)),
    ...optional("check", readCheck(entry.check, place)),
  };
  const members = (isList ? given : [given]).flatMap((value, index) => {
    const path = [...place.path, "upstream", ...isList ? [index] : []];
    return { ...readMember(value, { ...place, path }), ...shared };
  }).filter((one): one is BalancedMember => one.upstream !== undefined);
  const { balance, failOnStatus, failOnTimeout, attempts } = entry;
  if (members.length === 0) return undefined;
  return {
    members,
    ...optional("method", BALANCING_METHODS.find((name) => name === balance)),
    ...optional("sticky", readSticky(entry.session, place)),
    ...Array.isArray(failOnStatus) ? { failOnStatus } : {},
    ...failOnTimeout === true ? { failOnTimeout } : {},
    ...typeof attempts === "number" ? { attempts } : {},
  };
}

function readMember(value: unknown, { path, report, resolve }: Place): Partial<BalancedMember> {
  const own = isObject(value) ? value : { url: value };
  if (typeof own.url !== "string") return {};
  const at = isObject(value) ? [...path, "url"] : path;
  const upstream = report.take(readUpstream(own.url, resolve), at);
  if (upstream === undefined) return {};
  const route = (key: "route" | "redirect") => {
    const text = own[key];
    if (typeof text !== "string") return {};
    const reading: Reading<string> = isRoute(text)
      ? { value: text }
      : { fault: `Cannot use the route ${quote(text)}; write letters, digits and such, without spaces` };
    return optional(key, report.take(reading, [...path, key]));
  };
  if (own.standby === true && own.spare === true) {
    report.key([...path, "spare"], `Found both "standby" and "spare"; keep one of them`);
  }
  return {
    upstream: formatUpstream(upstream),
    ...typeof own.weight === "number" ? { weight: own.weight } : {},
    ...route("route"),
    ...route("redirect"),
    ...typeof own.set === "number" ? { set: own.set } : {},
    ...own.standby === true ? { role: "standby" } : own.spare === true ? { role: "spare" } : {},
    ...own.draining === true ? { draining: true } : {},
    ...own.disabled === true ? { disabled: true } : {},
  };
}

function readSticky(value: unknown, { path, report }: Place): Sticky | undefined {
  if (!isObject(value) || typeof value.cookie !== "string") return undefined;
  const at = (key: string): Path => [...path, "session", key];
  const { cookie, parameter, separator } = value;
  if (!isCookieName(cookie)) {
    report.value(
      at("cookie"),
      `Cannot use ${quote(cookie)} as the name of a cookie; write one such as "JSESSIONID"`,
    );
  }
  if (typeof separator === "string" && !isSeparator(separator)) {
    report.value(at("separator"), `Found ${quote(separator)}; write one character, or ""`);
  }
  return {
    cookie,
    ...typeof parameter === "string" && parameter !== "" ? { parameter } : {},
    ...typeof separator === "string" ? { separator } : {},
    ...value.insert === true ? { insert: true } : {},
    ...value.strict === true ? { strict: true } : {},
  };
}

function readCheck(value: unknown, { path, report }: Place): HealthCheck | undefined {
  if (!isObject(value)) return undefined;
  const place = { path: [...path, "check"], report };
  const number = (key: "rise" | "fall") => typeof value[key] === "number" ? { [key]: value[key] } : {};
  return {
    ...HEALTH_CHECK_DEFAULTS,
    ...optional("method", HEALTH_CHECK_METHODS.find((name) => name === value.method)),
    ...typeof value.path === "string" ? { path: value.path } : {},
    ...optional("interval", readTime(value, "interval", place, 10)),
    ...optional("timeout", readTime(value, "timeout", place, 10)),
    ...number("rise"),
    ...number("fall"),
    ...optional("statuses", readStatuses(value.status, [...place.path, "status"], place)),
  };
}

function readStatuses(
  value: unknown,
  path: Path,
  { report }: Pick<Place, "report">,
): HealthCheck["statuses"] | undefined {
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value]).flatMap((one, index): [number, number][] => {
    if (typeof one === "number") return [[one, one]];
    const match = typeof one === "string" ? /^(\d{3})-(\d{3})$/.exec(one) : null;
    const [first, last] = [Number(match?.[1]), Number(match?.[2])];
    if (first >= 100 && last >= first && last <= 599) return [[first, last]];
    if (typeof one === "string") {
      report.value(Array.isArray(value) ? [...path, index] : path, `Found ${found(one)}; ${STATUS_HINT}`);
    }
    return [];
  });
}

function readTime(
  entry: Entry,
  key: string,
  { path, report }: Pick<Place, "path" | "report">,
  least: number,
): number | undefined {
  const time = entry[key];
  if (typeof time !== "number" && typeof time !== "string") return undefined;
  return report.take(readDuration(time, { least }), [...path, key]);
}

function optional<Key extends string, T>(key: Key, value: T | undefined): { readonly [K in Key]?: T } {
  return value === undefined ? {} : { [key]: value } as { readonly [K in Key]: T };
}
