/** The directives that have an effect: where they may stand and how many arguments they take. */

import { nearestTo } from "../nearest.ts";
import type { LeftOut, LeftOutItem } from "./conditions.ts";
import { effectOf, essential, foreignModule, leading } from "./effects.ts";
import { type Faults, isComplete } from "./faults.ts";
import { ALIAS_DIRECTIVES } from "./files/alias_words.ts";
import { FILE_DIRECTIVES } from "./files/file_words.ts";
import { OTHER_NAMES } from "./other_names.ts";
import { REMOTE_IP_DIRECTIVES } from "./remote_ip.ts";
import { COMPRESSION_DIRECTIVES } from "./rules/filters.ts";
import { TLS_DIRECTIVES, whyNotByPath } from "./tls.ts";
import { type Directive, isSection, type Item, keyOf } from "./tree.ts";

/** Where a directive stands: outside of everything, in a virtual host, for a part of its paths, for a server behind, for
 * files. */
export type Context = "server" | "host" | "location" | "proxy" | "directory";

/** What is known of a directive. */
interface Known {
  readonly name: string;
  readonly contexts: readonly Context[];
  /** Numbers of arguments. */
  readonly least: number;
  readonly most: number;
  /** What the arguments are, for people. */
  readonly usage: string;
}

const ANY: readonly Context[] = ["server", "host", "location", "proxy", "directory"];
const SERVERS: readonly Context[] = ["server", "host"];
const PROXIES: readonly Context[] = ["server", "host", "proxy"];
const PATHS: readonly Context[] = ["server", "host", "location"];
const TOP: readonly Context[] = ["server"];
const BELOW: readonly Context[] = ["location", "proxy", "directory"];
const MANY = Infinity;

const TABLE: readonly Known[] = ([
  ["Listen", TOP, 1, 2, "an address, such as 80 or 127.0.0.1:8080"],
  ["ServerRoot", TOP, 1, 1, "a directory"],
  ["DefaultRuntimeDir", TOP, 1, 1, "a directory"],
  ["LoadModule", SERVERS, 2, 2, "the name of a module and its file"],
  ["<VirtualHost", TOP, 1, MANY, "addresses, such as *:80"],
  ["<Location", SERVERS, 1, 2, "a path"],
  ["<LocationMatch", SERVERS, 1, 1, "a regular expression"],
  ["<Proxy", SERVERS, 1, MANY, `a URL, such as "balancer://name", and parameters`],
  ["ServerName", SERVERS, 1, 1, "a host name"],
  ["ServerAlias", ["host"], 1, MANY, "host names"],
  ["ProxyPass", PATHS, 1, MANY, `a path and a URL, such as / http://127.0.0.1:3000/, or a path and "!"`],
  ["ProxyPassMatch", PATHS, 1, MANY, "a regular expression and a URL"],
  ["ProxyPassReverse", ANY, 1, 3, "a path and a URL"],
  ["ProxyPassReverseCookieDomain", ANY, 2, 3, "the server's domain and the one that clients see"],
  ["ProxyPassReverseCookiePath", ANY, 2, 3, "the server's path and the one that clients see"],
  ["ProxyPreserveHost", ANY, 1, 1, "On or Off"],
  ["BalancerMember", ["server", "host", "proxy"], 1, MANY, "the URL of a server"],
  ["ProxyHCExpr", SERVERS, 2, MANY, "a name and an expression in braces"],
  ["ProxyHCTemplate", SERVERS, 2, MANY, "a name and parameters, such as hcmethod=GET"],
  ["ProxySet", ANY, 1, MANY, "parameters, such as timeout=30"],
  ["AllowEncodedSlashes", SERVERS, 1, 1, "NoDecode or Off"],
  ["SSLProxyEngine", PROXIES, 1, 1, "On or Off"],
  ["SSLProxyVerify", PROXIES, 1, 1, "none or require"],
  ["SSLProxyCheckPeerName", PROXIES, 1, 1, "On or Off"],
  ["SSLProxyCheckPeerCN", PROXIES, 1, 1, "On or Off"],
  ["SSLProxyCheckPeerExpire", PROXIES, 1, 1, "On or Off"],
  ["SSLProxyCACertificateFile", PROXIES, 1, 1, "a file of certificates"],
  ["SSLProxyCACertificatePath", PROXIES, 1, 1, "a directory of certificates"],
  ["SSLProxyProtocol", PROXIES, 1, MANY, "protocols, such as all -TLSv1.2"],
  ["SSLProxyCipherSuite", PROXIES, 1, 2, "cipher suites, as openssl ciphers writes them"],
  ["SSLProxyMachineCertificateFile", PROXIES, 1, 1, "a file of a certificate and its key"],
  ["Timeout", SERVERS, 1, 1, "a number of seconds"],
  ["ProxyTimeout", SERVERS, 1, 1, "a number of seconds"],
  ["KeepAlive", SERVERS, 1, 1, "On or Off"],
  ["KeepAliveTimeout", SERVERS, 1, 1, "a number of seconds"],
  ["MaxKeepAliveRequests", SERVERS, 1, 1, "a number, 0 for any"],
  ["RequestReadTimeout", SERVERS, 1, MANY, "times, such as header=20-40,MinRate=500"],
  ["LimitRequestBody", ANY, 1, 1, "a number of bytes, 0 for any"],
  ["LimitRequestLine", SERVERS, 1, 1, "a number of bytes"],
  ["LimitRequestFieldSize", SERVERS, 1, 1, "a number of bytes"],
  ["Header", ANY, 2, 6, "what to do, such as set, the name of a field, and a value"],
  ["RequestHeader", ANY, 2, 5, "what to do, such as set, the name of a field, and a value"],
  ["ExpiresActive", ANY, 1, 1, "On or Off"],
  ["ExpiresByType", ANY, 2, MANY, 'a type and a time, such as "access plus 1 month"'],
  ["ExpiresDefault", ANY, 1, MANY, 'a time, such as "access plus 1 month"'],
  ["SetEnv", ANY, 1, 2, "a name and a value"],
  ["UnsetEnv", ANY, 1, MANY, "names"],
  ["PassEnv", ANY, 1, MANY, "names"],
  ["SetEnvIf", ANY, 3, MANY, "an attribute, an expression and variables"],
  ["SetEnvIfNoCase", ANY, 3, MANY, "an attribute, an expression and variables"],
  ["SetEnvIfExpr", ANY, 2, MANY, "a condition and variables"],
  ["BrowserMatch", ANY, 2, MANY, "an expression and variables"],
  ["BrowserMatchNoCase", ANY, 2, MANY, "an expression and variables"],
  ["ProxyAddHeaders", ANY, 1, 1, "On or Off"],
  ["CGIPassAuth", BELOW, 1, 1, "On or Off"],
  ["Redirect", ANY, 1, 3, "a path and a URL"],
  ["RedirectMatch", ANY, 1, 3, "an expression and a URL"],
  ["RedirectPermanent", ANY, 2, 2, "a path and a URL"],
  ["RedirectTemp", ANY, 2, 2, "a path and a URL"],
  ["RewriteEngine", ANY, 1, 1, "On or Off"],
  ["RewriteOptions", ANY, 1, MANY, "options"],
  ["RewriteBase", BELOW, 1, 1, "a path"],
  ["RewriteMap", SERVERS, 2, 3, "a name, and txt: with a file"],
  ["RewriteCond", ANY, 2, 3, "what is compared, and an expression"],
  ["RewriteRule", ANY, 2, 3, "an expression, and what stands in its place"],
  ["Require", BELOW, 1, MANY, "what a client has to be, such as ip 10.0.0.0/8"],
  ["Order", BELOW, 1, 2, "Allow,Deny or Deny,Allow"],
  ["Allow", BELOW, 2, MANY, "from and whom"],
  ["Deny", BELOW, 2, MANY, "from and whom"],
  ["Satisfy", BELOW, 1, 1, "All or Any"],
  ["AuthType", BELOW, 1, 1, "Basic"],
  ["AuthName", BELOW, 1, 1, "a name, in quotes where there is white space in it"],
  ["AuthUserFile", BELOW, 1, 1, "a file"],
  ["AuthGroupFile", BELOW, 1, 1, "a file"],
  ["AuthBasicProvider", BELOW, 1, MANY, "file"],
  ["AuthMerging", BELOW, 1, 1, "Off"],
  ["SSLRequireSSL", BELOW, 0, 0, "nothing"],
  ["<RequireAll", BELOW, 0, 0, "nothing"],
  ["<RequireAny", BELOW, 0, 0, "nothing"],
  ["<RequireNone", BELOW, 0, 0, "nothing"],
  ["<Limit", BELOW, 1, MANY, "methods"],
  ["<LimitExcept", BELOW, 1, MANY, "methods"],
  ["<If", PATHS, 1, MANY, "a condition, in quotes"],
  ["<ElseIf", PATHS, 1, MANY, "a condition, in quotes"],
  ["<Else", PATHS, 0, 0, "nothing"],
  ["<ProxyMatch", SERVERS, 1, 1, "an expression for URLs"],
  ["<Directory", SERVERS, 1, 2, "the name of a directory"],
  ["<DirectoryMatch", SERVERS, 1, 1, "an expression for names of directories"],
  ["<Files", ["server", "host", "directory"], 1, 2, "the name of a file"],
  ["<FilesMatch", ["server", "host", "directory"], 1, 1, "an expression for names of files"],
  ["TypesConfig", TOP, 1, 1, "a file"],
  ["ErrorDocument", ANY, 2, 2, "a status and a text"],
  ["ProxyErrorOverride", PATHS, 1, MANY, "On or Off, and statuses"],
  ["CustomLog", SERVERS, 2, 3, "a file and a format, such as logs/access.log combined"],
  ["GlobalLog", TOP, 2, 3, "a file and a format, such as logs/access.log combined"],
  ["ErrorLog", SERVERS, 1, 1, `a file, or a program behind "|"`],
  ["LogLevel", ANY, 1, MANY, "a level, such as warn"],
  ["TransferLog", SERVERS, 1, 1, "a file"],
  ["LogFormat", SERVERS, 1, 2, "a format and a name for it"],
  ...ALIAS_DIRECTIVES.map(([name, least, most, usage]) => [name, SERVERS, least, most, usage] as const),
  ...FILE_DIRECTIVES.map(([name, least, most, usage]) => [name, ANY, least, most, usage] as const),
  ...REMOTE_IP_DIRECTIVES.map(([name, least, most, usage]) => [name, SERVERS, least, most, usage] as const),
  ...COMPRESSION_DIRECTIVES.map(([name, least, most, usage]) => [name, SERVERS, least, most, usage] as const),
  ...TLS_DIRECTIVES.map(([name, least, most, usage]) => [name, SERVERS, least, most, usage] as const),
] as const).map(([name, contexts, least, most, usage]) => ({ name, contexts, least, most, usage }));

/** Modules are not loaded, and files need not be where nobody asks for them: where they are need not be known. */
const SPOKEN_OF = ["LoadModule", "ErrorLog", ...ALIAS_DIRECTIVES.map(([name]) => name)];

/** Of logs too: where they are, Debian's httpd is told by a file that is not everywhere. Their reader says what is missed. */
const MAY_BE_UNSET = [...SPOKEN_OF, "CustomLog", "TransferLog", "GlobalLog"];

const BY_KEY = new Map(TABLE.map((known) => [known.name.toLowerCase(), known]));

/** Sections whose content has no effect, so that what stands in them is not looked at. */
const OPAQUE = [
  "<mddomain",
  "<authnprovideralias",
  "<authzprovideralias",
];

const NAMES = [
  ...TABLE.map(({ name }) => name.replace("<", "")),
  ...OTHER_NAMES,
  "Define",
  "UnDefine",
  "Include",
  "IncludeOptional",
];
const LOWER_CASE = new Set(NAMES.map((name) => name.toLowerCase()));

/** What mostly stands in every configuration, and nobody misses. */
const SILENT = new Set(
  (`accessfilename hostnamelookups maxconnectionsperchild maxrequestworkers ` +
    `maxsparethreads maxspareservers minsparethreads minspareservers mutex pidfile proxyrequests proxyvia serveradmin ` +
    `serverlimit serversignature servertokens startservers threadlimit threadsperchild traceenable ` +
    `usecanonicalname`).split(" "),
);

/**
 * Judges one directive or section.
 *
 * @returns whether it has an effect: then it may stand here, and has as many arguments as it takes
 */
export function judge(item: Item, context: Context, faults: Faults): boolean {
  const known = BY_KEY.get(keyOf(item));
  if (known === undefined) {
    judgeOther(item, faults);
    return false;
  }
  if (!known.contexts.includes(context)) {
    faults.add(
      item,
      context !== "server" && whyNotByPath(known.name.toLowerCase()) ||
        `Cannot stand ${WHERE[context]}; write it ${
          known.contexts.map((place) => WHERE[place]).join(" or ")
        }`,
    );
    return false;
  }
  if (!MAY_BE_UNSET.includes(known.name) && !isComplete(item, faults)) return false;
  const count = item.args.length;
  if (count < known.least || count > known.most) {
    faults.add(
      item,
      `Found ${
        count === 0 ? "no argument" : count === 1 ? "one argument" : `${count} arguments`
      }; write ${known.usage}`,
    );
    return false;
  }
  return true;
}

const WHERE: Record<Context, string> = {
  server: "outside of sections",
  host: "in a <VirtualHost>",
  location: "in a <Location>",
  proxy: "in a <Proxy>",
  directory: "in a <Directory>",
};

function judgeOther(item: Item, faults: Faults): void {
  const name = item.name.toLowerCase();
  const other = TABLE.find((known) => known.name.replace("<", "").toLowerCase() === name);
  if (other !== undefined) {
    const right = isSection(item) ? `${other.name} without "<"` : `${other.name} …>`;
    return faults.add(item, `Unknown ${isSection(item) ? "section" : "directive"}; write ${right}`);
  }
  const lost = isSection(item) ? undefined : essential(name, item.args[0]);
  if (lost !== undefined) return faults.add(item, lost);
  if (isSection(item) ? OPAQUE.includes(`<${name}`) : LOWER_CASE.has(name)) {
    // Off is what everybody writes, and what is so here.
    const missed = name === "proxyrequests" && item.args[0]?.toLowerCase() !== "off";
    if (!missed && SILENT.has(name)) return;
    return faults.notDone(
      item,
      isSection(item) ? `<${item.name}>` : item.name,
      effectOf(keyOf(item), item.args),
    );
  }
  const way = isSection(item) ? undefined : leading(item.name);
  if (way !== undefined) return faults.add(item, way);
  const foreign = foreignModule(item.name);
  if (foreign !== undefined) return faults.notDone(item, `${item.name} of ${foreign.module}`, foreign.sort);
  const nearest = nearestTo(item.name, NAMES);
  const advice = nearest === undefined ? "remove it" : `the nearest known name is "${nearest}"`;
  faults.add(item, `Unknown ${isSection(item) ? "section" : "directive"}; ${advice}`);
}

/** Whether a directive, or a section with `<` in front, has an effect here. @param key in lower case */
export function isDone(key: string): boolean {
  return BY_KEY.has(key);
}

/**
 * Tells what conditions have kept out, where that would have had an effect.
 *
 * @param taken what has not been kept out: an address that is listened on anyway is not missed
 */
export function tellOfLeftOut(leftOut: readonly LeftOut[], taken: readonly Item[], faults: Faults): void {
  const addresses = taken.filter((item) => keyOf(item) === "listen").map(({ args: [address] }) => address);
  for (const { section, items, surely } of leftOut) {
    if (surely) continue;
    const missed = inTheOpen(items).filter(({ name, first }) => {
      const key = name.toLowerCase();
      if (key === "listen" && addresses.includes(first)) return false;
      return !SPOKEN_OF.some((other) => other.toLowerCase() === key) &&
        (BY_KEY.has(key) || effectOf(key) !== "none");
    });
    if (missed.length === 0) continue;
    const isAccess = missed.some(({ name, grants }) => !grants && effectOf(name.toLowerCase()) === "opens");
    const what = missed.map(({ name, line }) =>
      `${name.startsWith("<") ? `${name}>` : name} in line ${line}`
    );
    faults.warn(
      { ...section, name: `<${[section.name, ...section.args].join(" ")}>` },
      `does not hold here, which leaves out ${what.join(", ")}`,
      isAccess ? "opens" : "changes",
    );
  }
}

/**
 * What does not stand in a section whose content would have no effect here. Of sections for files counts who is kept out:
 * whether there are any, nobody knows yet.
 */
function inTheOpen(items: readonly LeftOutItem[]): LeftOutItem[] {
  let opaque = Infinity;
  let ofFiles = Infinity;
  return items.filter(({ name, depth, grants }) => {
    const key = name.toLowerCase();
    if (depth > opaque) return false;
    if (depth > ofFiles) return !grants && effectOf(key) === "opens" && !key.startsWith("<");
    opaque = OPAQUE.includes(key) ? depth : Infinity;
    ofFiles = /^<(directory|files)/.test(key) ? depth : Infinity;
    return ofFiles === Infinity;
  });
}

/** A directive with a value that is On or Off. */
export function onOrOff(directive: Directive, faults: Faults): boolean | undefined {
  const value = directive.args[0]!.toLowerCase();
  if (value === "on" || value === "off") return value === "on";
  faults.add(directive, `Found "${directive.args[0]}"; write On or Off`);
  return undefined;
}
