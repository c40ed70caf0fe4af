/** The directives of `LogFormat`: what each writes of a record. */

import { decoded } from "../rules/bytes.ts";
import { escapeItem } from "./escape.ts";
import { fieldValue } from "./header_fields.ts";
import { fresh, type Part, steady } from "./line.ts";
import type { LogRecord } from "./record.ts";
import { commonTime, compileTime } from "./time.ts";

/** A directive with what stands in its braces, undefined for none; what it writes, or what is wrong with it. */
type Directive = (argument: string | undefined) => Part | string;

/** Text that may be empty: httpd writes a dash then. */
function orDash(text: string): string {
  return text === "" ? "-" : escapeItem(text);
}

/** The type that a response has, without its parameters. */
function mediaType(head: string): string {
  const [type] = fieldValue(head, "content-type")?.split(";", 1) ?? [];
  return type?.trimEnd() ?? "-";
}

/** A path as it was understood: decoded, without empty segments and those of dots. */
function plainPath(path: string): string {
  if (!path.startsWith("/") || !/%|\/\/|\/\./.test(path)) return path;
  const segments: string[] = [];
  const all = path.replace(/%2e/gi, ".").split("/");
  for (const [index, segment] of all.entries()) {
    const isLast = index === all.length - 1;
    if (segment === "..") segments.pop();
    if (segment !== "" && segment !== "." && segment !== "..") segments.push(segment);
    else if (isLast) segments.push("");
  }
  return decoded(`/${segments.join("/")}`);
}

/** For directives whose braces mean nothing, to httpd as well. */
function plain(part: Part): Directive {
  return () => part;
}

function named(what: string, part: (name: string) => Part): Directive {
  return (argument) => argument ? part(argument) : `needs ${what} in braces`;
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };

function duration(argument = ""): Part | string {
  const unit = UNITS[argument.toLowerCase() || "s"];
  if (unit === undefined) return "takes s, ms or us in braces";
  return fresh(({ duration }) => Math.floor(duration / unit));
}

/** `{format}t`: strftime(3), or a number; `begin:` or `end:` in front says of which moment. */
function time(argument: string | undefined): Part | string {
  const [, moment, rest] = /^(begin|end)(?::([^]*))?$/.exec(argument ?? "") ?? [];
  const format = moment === undefined ? argument ?? "" : rest ?? "";
  const ends = moment === "end";
  const at = (record: LogRecord) => ends ? record.begun + record.duration / 1_000 : record.begun;
  const whole = NUMBERS[format];
  if (whole !== undefined) return fresh((record) => whole(at(record)));
  const text = format === "" ? commonTime() : compileTime(format);
  if (text === undefined) {
    return "has a conversion in braces that strftime(3) does not know, or that is not known here";
  }
  return fresh((record) => text(at(record)));
}

const NUMBERS: Readonly<Record<string, (milliseconds: number) => string>> = {
  sec: (time) => String(Math.floor(time / 1_000)),
  msec: (time) => String(Math.floor(time)),
  usec: (time) => String(Math.floor(time * 1_000)),
  msec_frac: (time) => String(Math.floor(time % 1_000)).padStart(3, "0"),
  usec_frac: (time) => String(Math.floor(time % 1_000 * 1_000)).padStart(6, "0"),
};

function port(argument = ""): Part | string {
  switch (argument.toLowerCase() || "canonical") {
    // Servers have no ports here but those that they are reached at.
    case "canonical":
    case "local":
      return steady(({ localPort }) => localPort === 0 ? "-" : localPort);
    case "remote":
      return steady(({ clientPort }) => clientPort === 0 ? "-" : clientPort);
    default:
      return "takes canonical, local or remote in braces";
  }
}

function processNumber(argument = ""): Part | string {
  const number = argument.toLowerCase() || "pid";
  // A process has one thread that serves.
  if (number === "pid" || number === "tid") return steady(({ writer }) => writer.process);
  if (number === "hextid") return steady(({ writer }) => writer.process.toString(16));
  return "takes pid, tid or hextid in braces";
}

/** The client's address; with `c` that of who has connected, be it somebody in front. */
function client(argument: string | undefined): Part {
  if (argument === "c") return steady(({ peer, client }) => peer || client || "-");
  return steady(({ client }) => client || "-");
}

/** What the request is called; with `c` what its connection is called. */
function logId(argument: string | undefined): Part {
  if (argument === "c") return steady(({ identity }) => orDash(identity.connection.name));
  return fresh(({ identity }) => orDash(identity.requestId));
}

/** The value of the first cookie of a name that has one (RFC 6265, 4.2.1); as httpd does it, whatever its letters. */
function cookie(name: string): Part {
  const lower = name.toLowerCase();
  return steady(({ head }) => {
    for (const pair of (fieldValue(head, "cookie") ?? "").split(";")) {
      const equals = pair.indexOf("=");
      if (equals < 0 || pair.slice(0, equals).trim().toLowerCase() !== lower) continue;
      const value = pair.slice(equals + 1).trim();
      if (value !== "") return escapeItem(value);
    }
    return "-";
  });
}

/** A variable of the rules: those of this process's environment are for nobody's log. mod_unique_id sets one of all requests. */
function variable(name: string): Part {
  if (name !== "UNIQUE_ID") return steady(({ variables }) => escapeItem(variables[name] ?? "-"));
  return fresh(({ variables, identity }) => orDash(variables[name] ?? identity.requestId));
}

/** What httpd has no directive for: `%{site}x`. */
export const OWN: Readonly<Record<string, Part>> = {
  site: steady(({ site }) => orDash(site)),
  route: steady(({ route }) => orDash(route)),
  backend: steady(({ writer }) => escapeItem(writer.name)),
  kind: steady(({ writer }) => writer.kind),
  id: fresh(({ identity }) => orDash(identity.requestId)),
  trace: fresh(({ identity }) => orDash(identity.traceId)),
  waited: fresh(({ waited }) => waited),
  handover: fresh(({ handover }) => handover),
  flags: fresh(({ flags }) => orDash(flags)),
  why: fresh(({ why }) => orDash(why)),
};

/** What mod_ssl knows of a connection, and is known here as well. */
export const OF_TLS: readonly string[] = [
  "HTTPS",
  "SSL_PROTOCOL",
  "SSL_CIPHER",
  "SSL_TLS_SNI",
  "SSL_SESSION_RESUMED",
  "SSL_CLIENT_VERIFY",
  "SSL_CLIENT_S_DN",
  "SSL_CLIENT_I_DN",
  "SSL_CLIENT_M_SERIAL",
  "SSL_CLIENT_FINGERPRINT",
];

/** What mod_ssl calls some of them in `%{…}c`. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  version: "SSL_PROTOCOL",
  cipher: "SSL_CIPHER",
  subjectdn: "SSL_CLIENT_S_DN",
  issuerdn: "SSL_CLIENT_I_DN",
};

function ofTls(name: string): Part {
  return steady(({ tls }) => orDash(tls()[name] ?? ""));
}

function oldOfTls(argument = ""): Part | string {
  const name = OLD_NAMES[argument];
  return name === undefined ? `takes one of ${Object.keys(OLD_NAMES).join(", ")} in braces` : ofTls(name);
}

function own(argument: string | undefined): Part | string {
  if (argument !== undefined && OF_TLS.includes(argument)) return ofTls(argument);
  const part = OWN[argument ?? ""];
  return part ?? `takes one of ${Object.keys(OWN).join(", ")} in braces`;
}

/** By their letters. */
export const DIRECTIVES: Readonly<Record<string, Directive>> = {
  a: client,
  A: plain(steady(({ local }) => local || "-")),
  B: plain(fresh(({ content }) => content)),
  b: plain(fresh(({ content }) => content === 0 ? "-" : content)),
  C: named("the name of a cookie", cookie),
  c: oldOfTls,
  D: plain(fresh(({ duration }) => duration)),
  e: named("the name of a variable", variable),
  H: plain(steady(({ method, minor, protocol }) => protocol || (method === "" ? "-" : `HTTP/1.${minor}`))),
  h: client,
  I: plain(fresh(({ received }) => received)),
  i: named("the name of a header field", (name) => {
    const lower = name.toLowerCase();
    return steady(({ head }) => escapeItem(fieldValue(head, lower) ?? "-"));
  }),
  k: plain(fresh(({ number }) => Math.max(0, number - 1))),
  // identd(8) is not asked; httpd writes a dash as well unless told to ask.
  l: plain(steady(() => "-")),
  L: logId,
  m: plain(steady(({ method }) => orDash(method))),
  O: plain(fresh(({ sent }) => sent)),
  o: named("the name of a header field", (name) => {
    const lower = name.toLowerCase();
    if (lower === "content-type") return fresh(({ responseHead }) => escapeItem(mediaType(responseHead)));
    return fresh(({ responseHead }) => escapeItem(fieldValue(responseHead, lower) ?? "-"));
  }),
  P: processNumber,
  p: port,
  q: plain(steady(({ target, query }) => target.includes("?") ? `?${escapeItem(query)}` : "")),
  R: plain(steady(({ writer }) => writer.kind)),
  r: plain(
    steady(({ method, target, minor, line }) =>
      method === "" || line !== ""
        ? orDash(line)
        : `${escapeItem(method)} ${escapeItem(target)} HTTP/1.${minor}`
    ),
  ),
  S: plain(fresh(({ received, sent }) => received + sent)),
  s: plain(fresh(({ status }) => status === 0 ? "-" : status)),
  T: duration,
  t: time,
  U: plain(steady(({ path, line }) => orDash(line === "" ? plainPath(path) : path))),
  u: plain(fresh(({ user }) => orDash(user))),
  V: plain(steady(({ authority, site }) => orDash(authority.replace(/:\d*$/, "").toLowerCase() || site))),
  v: plain(steady(({ site }) => orDash(site))),
  X: plain(fresh(({ fate }) => fate)),
  x: own,
};

/** Directives of httpd for which there is nothing to be said here: they write a dash. */
export const WITHOUT_VALUE: Readonly<Record<string, string>> = {
  f: "names of files",
  n: "notes of modules",
  "^FB": "the time to the first byte",
  "^ti": "trailers of requests",
  "^to": "trailers of responses",
};
