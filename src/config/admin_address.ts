/** Reads where a front shows how it is. */

import { formatAddress, readAddress } from "./address.ts";
import type { Admin } from "./admin.ts";
import { MAX_SOCKET_PATH, type Resolve } from "./path.ts";
import { hasControls, quote, type Reading } from "./reading.ts";

/**
 * Reads where figures are shown: `127.0.0.1:9090`, or `unix:/run/fdpass/admin.sock`; what has a slash is a path too.
 *
 * @param resolve makes paths absolute
 */
export function readAdminAddress(text: string, resolve: Resolve): Reading<Admin["at"]> {
  if (!text.startsWith("unix:") && !text.includes("/")) return readAddress(text);
  const written = text.replace(/^unix:(?:\/\/(?=\/))?/, "");
  const cannot = `Cannot show figures at ${quote(text)}`;
  if (written === "" || hasControls(written) || written.endsWith("/")) {
    return { fault: `${cannot}; write the path of a socket, such as "unix:/run/fdpass/admin.sock"` };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) {
    return { fault: `${cannot}, which is a URL; write an address such as "127.0.0.1:9090"` };
  }
  const path = resolve(written);
  if (new TextEncoder().encode(path).length > MAX_SOCKET_PATH) {
    return {
      fault: `${cannot}: paths of sockets have at most ${MAX_SOCKET_PATH} bytes; choose a shorter one`,
    };
  }
  return { value: { path } };
}

/** The address as users write it: tells one from another. */
export function formatAdminAddress(at: Admin["at"]): string {
  return "path" in at ? `unix:${at.path}` : formatAddress(at);
}
