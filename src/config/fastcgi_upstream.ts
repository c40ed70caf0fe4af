/** Where an application listens that speaks FastCGI. */

import { readSocketPath, type Resolve } from "./path.ts";
import { hasControls, quote, type Reading } from "./reading.ts";
import type { Upstream } from "./upstream.ts";

/** An application, as `--fastcgi` and the key `fastcgi` name it. */
export type FastCgiUpstream = Pick<Upstream, "at">;

const EXAMPLE = `write "fcgi://127.0.0.1:9000", or a socket such as "unix:/run/php/php-fpm.sock"`;

/**
 * Reads where an application listens: `fcgi://host:port`, `host:port` alone, or `unix:/path`.
 *
 * @param text what the user wrote
 * @param resolve makes the path of a Unix socket absolute
 */
export function readFastCgiUpstream(text: string, resolve: Resolve): Reading<FastCgiUpstream> {
  const cannot = `Cannot pass requests on to ${quote(text)}`;
  if (hasControls(text) || /\s/.test(text)) return { fault: `${cannot}; write it without spaces` };
  const unix = /^unix:(.*)$/is.exec(text);
  if (unix !== null) {
    const path = readSocketPath(unix[1]!.replace(/^\/\/+/, "/"), resolve);
    return "fault" in path ? path : { value: { at: { path: path.value } } };
  }
  const authority = /^(?:fcgi:\/\/)?([^/]+)\/?$/i.exec(text)?.[1];
  // A scheme that URLs know how to read.
  const url = `http://${authority}`;
  if (
    authority === undefined || !/^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(authority) || !URL.canParse(url)
  ) {
    return { fault: `${cannot}; ${EXAMPLE}` };
  }
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  // URLs do not say the port that is HTTP's own.
  const number = port === "" ? 80 : Number(port);
  if (number === 0) return { fault: `${cannot}, for nobody listens on port 0; write the application's port` };
  return { value: { at: { host, port: number } } };
}

/** The one spelling, which {@linkcode readFastCgiUpstream} reads again. */
export function formatFastCgiUpstream({ at }: FastCgiUpstream): string {
  if ("path" in at) return `unix:${at.path}`;
  return `fcgi://${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
}
