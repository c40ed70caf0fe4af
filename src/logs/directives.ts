/** The directives of `LogFormat`: what each writes of a record. */

import { escapeItem } from "./escape.ts";
import { fieldValue } from "./header_fields.ts";
import type { LogRecord } from "./record.ts";
import { commonTime, compileTime } from "./time.ts";

/** Writes one part of a line. What comes from a client is escaped in it. */
export type Render = (record: LogRecord) => string;

/** A directive with what stands in its braces, undefined for none; what it writes, or what is wrong with it. */
type Directive = (argument: string | undefined) => Render | string;

/** Text that may be empty: httpd writes a dash then. */
function orDash(text: string): string {
  return text === "" ? "-" : escapeItem(text);
}

/** For directives whose braces mean nothing. */
function plain(render: Render): Directive {
  return (argument) => argument === undefined ? render : "takes nothing in braces";
}

function named(what: string, render: (name: string) => Render): Directive {
  return (argument) => argument ? render(argument) : `needs ${what} in braces`;
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };

function duration(argument = "s"): Render | string {
  const unit = UNITS[argument];
  if (unit === undefined) return "takes s, ms or us in braces";
  return ({ duration }) => String(Math.floor(duration / unit));
}

/** `{format}t`: strftime(3), or a number; `begin:` or `end:` in front says of which moment. */
function time(argument: string | undefined): Render | string {
  const [, moment, format = ""] = /^(begin:|end:)?([^]*)$/.exec(argument ?? "")!;
  const ends = moment === "end:";
  const at = (record: LogRecord) => ends ? record.begun + record.duration / 1_000 : record.begun;
  const whole = NUMBERS[format];
  if (whole !== undefined) return (record) => whole(at(record));
  const text = format === "" ? commonTime() : compileTime(format);
  if (text === undefined) {
    return "has a conversion in braces that strftime(3) does not know, or that is not known here";
  }
  return (record) => text(at(record));
}

const NUMBERS: Readonly<Record<string, (milliseconds: number) => string>> = {
  sec: (time) => String(Math.floor(time / 1_000)),
  msec: (time) => String(Math.floor(time)),
  usec: (time) => String(Math.floor(time * 1_000)),
  msec_frac: (time) => String(Math.floor(time % 1_000)).padStart(3, "0"),
  usec_frac: (time) => String(Math.floor(time % 1_000 * 1_000)).padStart(6, "0"),
};

function port(argument = "canonical"): Render | string {
  switch (argument) {
    case "canonical":
    case "local":
      return ({ localPort }) => localPort === 0 ? "-" : String(localPort);
    case "remote":
      return ({ clientPort }) => clientPort === 0 ? "-" : String(clientPort);
    default:
      return "takes canonical, local or remote in braces";
  }
}

function processNumber(argument = "pid"): Render | string {
  // A process has one thread that serves.
  if (["pid", "tid", "hextid"].includes(argument)) return ({ writer }) => String(writer.process);
  return "takes pid or tid in braces";
}

/** The value of one cookie (RFC 6265, 4.2.1). */
function cookie(name: string): Render {
  return ({ head }) => {
    for (const pair of (fieldValue(head, "cookie") ?? "").split(";")) {
      const equals = pair.indexOf("=");
      if (equals >= 0 && pair.slice(0, equals).trim() === name) return orDash(pair.slice(equals + 1).trim());
    }
    return "-";
  };
}

/** What httpd has no directive for: `%{site}x`. */
export const OWN: Readonly<Record<string, Render>> = {
  site: ({ site }) => orDash(site),
  route: ({ route }) => orDash(route),
  backend: ({ writer }) => escapeItem(writer.name),
  kind: ({ writer }) => writer.kind,
  id: ({ identity }) => orDash(identity.requestId),
  trace: ({ identity }) => orDash(identity.traceId),
  waited: ({ waited }) => String(waited),
  handover: ({ handover }) => String(handover),
  flags: ({ flags }) => orDash(flags),
  why: ({ why }) => orDash(why),
};

function own(argument: string | undefined): Render | string {
  const render = OWN[argument ?? ""];
  return render ?? `takes one of ${Object.keys(OWN).join(", ")} in braces`;
}

/** By their letters. */
export const DIRECTIVES: Readonly<Record<string, Directive>> = {
  a: (argument) =>
    argument === undefined || argument === "c" ? ({ client }) => client || "-" : "takes c in braces",
  A: plain(({ local }) => local || "-"),
  B: plain(({ content }) => String(content)),
  b: plain(({ content }) => content === 0 ? "-" : String(content)),
  C: named("the name of a cookie", cookie),
  D: plain(({ duration }) => String(duration)),
  // Those of this process's environment are for nobody's log.
  e: named("the name of a variable", (name) => ({ variables }) => orDash(variables[name] ?? "")),
  H: plain(({ method, minor }) => method === "" ? "-" : `HTTP/1.${minor}`),
  h: (argument) =>
    argument === undefined || argument === "c" ? ({ client }) => client || "-" : "takes c in braces",
  I: plain(({ received }) => String(received)),
  i: named("the name of a header field", (name) => {
    const lower = name.toLowerCase();
    return ({ fields, head }) => fields.value(head, lower);
  }),
  k: plain(({ number }) => String(Math.max(0, number - 1))),
  // identd(8) is not asked; httpd writes a dash as well unless told to ask.
  l: plain(() => "-"),
  L: plain(({ identity }) => orDash(identity.requestId)),
  m: plain(({ method }) => orDash(method)),
  O: plain(({ sent }) => String(sent)),
  o: named("the name of a header field", (name) => {
    const lower = name.toLowerCase();
    return ({ responseFields, responseHead }) => responseFields.value(responseHead, lower);
  }),
  P: processNumber,
  p: port,
  q: plain(({ query }) => query === "" ? "" : `?${escapeItem(query)}`),
  R: plain(({ writer }) => writer.kind),
  r: plain(({ method, target, minor }) =>
    method === "" ? "-" : `${escapeItem(method)} ${escapeItem(target)} HTTP/1.${minor}`
  ),
  S: plain(({ received, sent }) => String(received + sent)),
  s: plain(({ status }) => status === 0 ? "-" : String(status)),
  T: duration,
  t: time,
  U: plain(({ path }) => orDash(path)),
  u: plain(({ user }) => orDash(user)),
  V: plain(({ authority, site }) => orDash(authority.replace(/:\d*$/, "") || site)),
  v: plain(({ site }) => orDash(site)),
  X: plain(({ fate }) => fate),
  x: own,
};

/** Directives of httpd for which there is nothing to be said here: they write a dash. */
export const WITHOUT_VALUE: Readonly<Record<string, string>> = {
  f: "names of files",
  n: "notes of modules",
  "^ti": "trailers of requests",
  "^to": "trailers of responses",
};
