/** What hands files to programs and modules (SetHandler and its like): nothing of that is done here, so they are kept back. */

import type { FilePlace } from "../../../rules/file_place.ts";
import type { FileSettings } from "../../documents.ts";
import { type Handler, isHandlerType } from "../../handlers.ts";
import { quote } from "../../reading.ts";
import type { Directive } from "../tree.ts";

/** Each with the number of its arguments, and what they are, for people. */
export const HANDLER_DIRECTIVES = [
  ["SetHandler", 1, 2, "the name of a handler, or None"],
  ["AddHandler", 2, Infinity, "the name of a handler and the ends of names"],
  ["RemoveHandler", 1, Infinity, "the ends of names"],
  ["Action", 2, 3, "a type or a handler, and a path"],
  ["SetOutputFilter", 1, 1, "names of filters, or None"],
  ["AddOutputFilter", 2, Infinity, "names of filters and the ends of names"],
  ["AddOutputFilterByType", 2, Infinity, "names of filters and types"],
] as const;

/** Handlers that no file is for: they say how the server itself is. */
const ABOUT_ITSELF = /^(?:server-(?:status|info)|balancer-manager|ldap-status)$/i;

/** Filters that run what stands in a file. Others leave it as it is, or nearly so. */
const RUNNING = /(?:^|;)(?:includes|php|lua|perl)(?:;|$)/i;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a directive hands on, and to whom. */
export interface HandedOn {
  /** Which of the files that its section is about. */
  readonly place: FilePlace;
  /** The name of the handler, type or filter. */
  readonly to: string;
}

/**
 * Which files a directive hands on, types included: `AddType application/x-httpd-php .php` does that too.
 *
 * @returns undefined where it hands on none
 */
export function handedOnBy({ name, args }: Directive): HandedOn | undefined {
  const [first = "", ...rest] = args;
  const those = (endings: readonly string[]) => ({ place: { name: endingPattern(endings) }, to: first });
  switch (name.toLowerCase()) {
    case "sethandler":
      return handlerOf(first) === "other" && !ABOUT_ITSELF.test(first) ? { place: {}, to: first } : undefined;
    case "addhandler":
      return handlerOf(first) === "other" ? those(rest) : undefined;
    case "addtype":
      return isHandlerType(first) ? those(rest) : undefined;
    case "forcetype":
    case "defaulttype":
      return isHandlerType(first) && first.toLowerCase() !== "none" ? { place: {}, to: first } : undefined;
    case "action":
      return { place: {}, to: first };
    case "setoutputfilter":
    case "addoutputfilterbytype":
      return RUNNING.test(first) ? { place: {}, to: first } : undefined;
    case "addoutputfilter":
      return RUNNING.test(first) ? those(rest) : undefined;
  }
  return undefined;
}

/** Who runs files. */
export interface Application {
  readonly spot: Directive;
  /** The URL of an application, without a slash at its end; undefined where they are programs by CGI. */
  readonly url?: string;
}

/** The handler of programs by CGI. */
const CGI = /^cgi-script$/i;

/** What SetHandler hands files to, where that is done here: `proxy:unix:/run/php.sock|fcgi://localhost`, `cgi-script`. */
export function applicationOf(directive: Directive): Application | undefined {
  const [first = "", ...others] = directive.args;
  if (CGI.test(first) && others.length === 0) return { spot: directive };
  const [, url] = /^proxy:((?:unix:[^|]*\|)?fcgi:\/\/[^/?#$%]+)\/?$/i.exec(first) ?? [];
  return url === undefined || others.length > 0 ? undefined : { spot: directive, url };
}

/** Which files are programs by the endings of their names, or are none any more. */
export interface Programs {
  readonly spot: Directive;
  /** An expression for their names. */
  readonly name: string;
  readonly run: boolean;
}

/** What is said of endings: `AddHandler cgi-script .cgi`, `RemoveHandler .cgi`. */
export function programsBy(spot: Directive): Programs | undefined {
  const { name, args } = spot;
  if (/^removehandler$/i.test(name)) return { spot, name: endingPattern(args), run: false };
  if (!/^addhandler$/i.test(name)) return undefined;
  return { spot, name: endingPattern(args.slice(1)), run: CGI.test(args[0] ?? "") };
}

/** What people are told of it. */
export function keptBack(to: string): string {
  const advice = /^proxy:.*fcgi:/i.test(to)
    ? "write it in <FilesMatch> or <Directory>, with a URL that has no path"
    : /php/i.test(to)
    ? 'write SetHandler "proxy:unix:SOCKET|fcgi://localhost", with the socket of PHP-FPM'
    : "write ProxyPass or ProxyPassMatch for them";
  return `files are not handed to ${quote(to)}, and not sent either: they get 403; ${advice}`;
}

/** Takes such a directive in. @returns whether it is one of these */
export function takeHandler({ name, args }: Directive, settings: Mutable<FileSettings>): boolean {
  const [first = "", ...rest] = args;
  switch (name.toLowerCase()) {
    case "sethandler":
      settings.handler = handlerOf(first);
      return true;
    case "addhandler":
      settings.handlers = { ...settings.handlers, ...byEnding(rest, handlerOf(first)) };
      return true;
    case "removehandler":
      // What is added in the same section stays: nobody should see more for the order of two lines.
      settings.handlers = { ...byEnding<Handler>(args, "name"), ...settings.handlers };
      return true;
    case "action":
      settings.handledTypes = [...settings.handledTypes ?? [], first.toLowerCase()];
      return true;
    case "setoutputfilter":
      settings.filter = RUNNING.test(first);
      return true;
    case "addoutputfilter":
      if (RUNNING.test(first)) settings.filters = { ...settings.filters, ...byEnding(rest, true as const) };
      return true;
    case "addoutputfilterbytype":
      if (RUNNING.test(first)) {
        const types = rest.map((type) => type.toLowerCase());
        settings.handledTypes = [...settings.handledTypes ?? [], ...types];
      }
      return true;
  }
  return false;
}

/** `.PHP` and `php` are the same ending. */
export function byEnding<Value>(endings: readonly string[], value: Value): Record<string, Value> {
  return Object.fromEntries(endings.map((ending) => [ending.replace(/^\./, "").toLowerCase(), value]));
}

function handlerOf(name: string): Handler {
  const lower = name.toLowerCase();
  return lower === "none" ? "name" : lower === "default-handler" ? "file" : "other";
}

/** An expression for names that have one of these endings, wherever it stands. */
function endingPattern(endings: readonly string[]): string {
  const escaped = endings.map((ending) => ending.replace(/^\./, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return `\\.(?i:${escaped.join("|")})(?:\\.|$)`;
}
