/** Fields of a trailer section (RFC 9110, 6.5), and which of them an intermediary passes on. */

import { withoutBlanks } from "./blanks.ts";
import { type HeaderField, listOf } from "./hop_by_hop.ts";

/**
 * Fields that say how a message is framed, where it goes, who sends it, or how it is to be taken: whoever merges trailer
 * fields into the header would be told so behind everybody's back (RFC 9110, 6.5.1). They belong into the header, where
 * they are looked at.
 */
const HEADER_ONLY: ReadonlySet<string> = new Set([
  // Framing and this hop
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Routing, and what intermediaries say
  "forwarded",
  "host",
  "max-forwards",
  "via",
  "x-real-ip",
  // Request modifiers
  "cache-control",
  "expect",
  "pragma",
  "range",
  // Authentication and state
  "authorization",
  "cookie",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "set-cookie",
  "www-authenticate",
  // Control data of responses
  "age",
  "content-location",
  "date",
  "expires",
  "location",
  "retry-after",
  "uri",
  "vary",
  "warning",
  // What content is
  "content-encoding",
  "content-range",
  "content-type",
]);

/** Whether a field may travel in a trailer section. */
function mayTrail(name: string): boolean {
  const lower = name.toLowerCase();
  return !HEADER_ONLY.has(lower) && !lower.startsWith("if-") && !lower.startsWith("x-forwarded-");
}

/**
 * The fields of a trailer section that are passed on, as the lines that they are, each with its CRLF.
 *
 * @param section lines that have been checked: what `ChunkedDecoder.trailers` has
 * @param head the fields of the message's head: what Connection names there is for one hop
 * @param mayPass which names may be passed on besides
 */
export function relayedTrailers(
  section: string,
  head: readonly HeaderField[],
  mayPass: (name: string) => boolean = () => true,
): string {
  if (section === "") return "";
  const named = new Set(listOf(head, "connection"));
  return section.split("\r\n").slice(0, -1).filter((line) => {
    const name = line.slice(0, line.indexOf(":"));
    return mayTrail(name) && mayPass(name) && !named.has(name.toLowerCase());
  }).map((line) => `${line}\r\n`).join("");
}

/** What a message announces of that (RFC 9110, 6.6.2); empty for nothing. */
export function announcedTrailers(
  head: readonly HeaderField[],
  mayPass: (name: string) => boolean = () => true,
): string {
  return listOf(head, "trailer").filter((name) =>
    /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && mayTrail(name) && mayPass(name)
  ).join(", ");
}

/** Whether a client has said that it takes trailer fields (RFC 9110, 10.1.4). */
export function takesTrailers(head: readonly HeaderField[]): boolean {
  return listOf(head, "te").some((member) => withoutBlanks(member.split(";")[0]!) === "trailers");
}
