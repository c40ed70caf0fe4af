/** What requests and traces are called. */

/** The longest request id that is taken from a client. */
const LONGEST = 128;

/** Whether a client's request id can be passed on and written as it is. */
export function isRequestId(text: string | undefined): text is string {
  return text !== undefined && text.length <= LONGEST && /^[\w.~:+/=@-]+$/.test(text);
}

/** `traceparent` of version 00, or of a later one that begins like it (W3C Trace Context, 3.2). */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:$|-)/;

/** The longest `traceparent` that is looked at. */
const LONGEST_TRACE = 256;

/** Whether a `traceparent` can be gone on with; otherwise a new trace begins (3.2.2.5). */
export function isTraceparent(text: string | undefined): text is string {
  return text !== undefined && text.length <= LONGEST_TRACE && TRACEPARENT.test(text) &&
    (text.length === 55 || !text.startsWith("00"));
}

const random = new Uint8Array(24 * 128);
let used = random.length;

/** A new `traceparent`: of a trace that begins here, recorded (in the access log), with random numbers. */
export function newTraceparent(): string {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  let digits = "";
  for (const end = used + 24; used < end; used++) digits += HEX[random[used]!]!;
  return `00-${digits.slice(0, 32)}-${digits.slice(32)}-01`;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
