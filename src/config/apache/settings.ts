/** Directives with one value, for a whole server. */

import type { EncodedSlashes } from "../config.ts";
import { MAX_HEAD } from "../json/limits.ts";
import { type ContentSettings, readContentPace, readContentSize, readTimes } from "./content.ts";
import { onOrOff } from "./directives.ts";
import { type ErrorOverride, readErrorOverride } from "./error_statuses.ts";
import type { Faults } from "./faults.ts";
import { type ProxyTlsSettings, readProxyTls } from "./proxy_tls.ts";
import { readNumber, readTime } from "./values.ts";
import type { Directive } from "./tree.ts";

/** What a server says, and what it leaves to the one around it. Times are in milliseconds, sizes in bytes. */
export interface Settings extends ContentSettings, ProxyTlsSettings {
  preserveHost?: boolean;
  /** Whether servers behind are told who asks, in X-Forwarded-For and its like. */
  addsHeaders?: boolean;
  /** In a location; what a server says is in its words about errors. */
  errorOverride?: ErrorOverride;
  encodedSlashes?: EncodedSlashes;
  timeout?: number;
  proxyTimeout?: number;
  keepAlive?: boolean;
  keepAliveTimeout?: number;
  requests?: number;
  headTimeout?: number;
  requestLine?: number;
  fieldSize?: number;
}

/** The names of the settings that hold for all of fdpass. */
export const GLOBAL_SETTINGS = [
  "keepAliveTimeout",
  "requests",
  "headTimeout",
  "requestLine",
  "fieldSize",
] as const;

/** What may stand in a `<Proxy>`. */
const PROXY_SETTINGS = ["proxypreservehost", "proxyaddheaders", "limitrequestbody"];

/** Whether it may stand there. @param name in lower case */
export function isProxySetting(name: string): boolean {
  return PROXY_SETTINGS.includes(name) || name.startsWith("sslproxy");
}

/** httpd reads an int. Here there is a larger bound nowhere, so more than that is as good as that. */
const MOST = 0x7fff_ffff;

function most(bound: number, value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.min(bound, value);
}

/** Takes one of those directives in; others are left alone. */
export function readSetting(directive: Directive, settings: Settings, faults: Faults): void {
  const [value = ""] = directive.args;
  const take = <Key extends keyof Settings>(key: Key, given: Settings[Key] | undefined) => {
    if (given !== undefined) settings[key] = given;
  };
  switch (directive.name.toLowerCase()) {
    case "proxypreservehost":
      return take("preserveHost", onOrOff(directive, faults));
    case "proxyaddheaders":
      return take("addsHeaders", onOrOff(directive, faults));
    case "proxyerroroverride":
      return take("errorOverride", readErrorOverride(directive, faults));
    case "allowencodedslashes":
      return take("encodedSlashes", readEncodedSlashes(directive, faults));
    case "timeout":
      return take("timeout", faults.take(readTime(value), directive));
    case "proxytimeout":
      return take("proxyTimeout", faults.take(readTime(value), directive));
    case "keepalive":
      return take("keepAlive", onOrOff(directive, faults));
    case "keepalivetimeout":
      return take("keepAliveTimeout", faults.take(readTime(value), directive));
    case "maxkeepaliverequests":
      return take("requests", most(0xffff, faults.take(readNumber(value, 0, MOST), directive)));
    case "limitrequestline":
      return take("requestLine", most(MAX_HEAD, faults.take(readNumber(value, 64, MOST), directive)));
    case "limitrequestfieldsize":
      return take("fieldSize", most(MAX_HEAD, faults.take(readNumber(value, 64, MOST), directive)));
    case "limitrequestbody":
      return take("contentSize", readContentSize(directive, faults));
    case "requestreadtimeout":
      return readRequestTimes(directive, settings, faults);
  }
  readProxyTls(directive, settings, faults);
}

/** Decoded slashes would separate for servers what has separated nothing for routes and rules. */
function readEncodedSlashes(directive: Directive, faults: Faults): EncodedSlashes | undefined {
  switch (directive.args[0]!.toLowerCase()) {
    case "off":
      return "refuse";
    case "nodecode":
      return "pass";
    case "on":
      faults.warn(directive, "passes %2F on encoded, and it separates nothing; write NoDecode", "changes");
      return "pass";
  }
  faults.add(directive, `Found "${directive.args[0]}"; write NoDecode or Off`);
  return undefined;
}

/** `header=20-40,MinRate=500`: as a deadline, the longest that it can become. `body=` is of the relays. */
function readRequestTimes(directive: Directive, settings: Settings, faults: Faults): void {
  for (const word of directive.args) {
    const match = /^(handshake|header|body)=\d+(?:-\d+)?(?:,minrate=\d+)?$/i.exec(word);
    if (match === null) {
      faults.add(directive, `Found "${word}"; write times such as header=20-40,MinRate=500`);
      continue;
    }
    const times = readTimes(word, directive, faults);
    if (times === undefined) continue;
    const stage = match[1]!.toLowerCase();
    if (stage === "handshake") faults.notDone(directive, `${directive.name} handshake=`);
    else if (stage === "body") settings.contentPace = readContentPace(times, directive, faults);
    else {
      const seconds = times.last ?? times.first;
      // 0 is no limit in httpd. Here there is one always.
      settings.headTimeout = (seconds === 0 ? 600 : Math.min(seconds, 86_400)) * 1_000;
    }
  }
}
