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

/** Bytes of a trace id and of a parent id, and how many of them are made at a time. */
const BYTES = 16 + 8;
const AT_ONCE = 128;
let digits = "";
let used = 0;

/** A new `traceparent`: of a trace that begins here, recorded (in the access log), with random numbers. */
export function newTraceparent(): string {
  if (used === digits.length) {
    digits = crypto.getRandomValues(new Uint8Array(BYTES * AT_ONCE)).toHex();
    used = 0;
  }
  const parent = used + 32;
  const text = `00-${digits.slice(used, parent)}-${digits.slice(parent, parent + 16)}-01`;
  used = parent + 16;
  return text;
}
