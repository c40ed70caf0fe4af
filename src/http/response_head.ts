/** The head of a response: status line, header fields, blank line (RFC 9112, 4), and the dates in it. */

/** The status codes of the IANA registry, <https://www.iana.org/assignments/http-status-codes>. */
const REASON_PHRASES: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  102: "Processing",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  511: "Network Authentication Required",
};

/** The registered reason phrase of a status code; empty, which is a valid phrase, for any other. */
export function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? "";
}

/**
 * A response head as text. Fields go out as given, in their order; every character is a byte of Latin-1 (RFC 9110, 5.5).
 *
 * @param reason Instead of the registered reason phrase.
 * @throws {TypeError} For a status that is not three digits, a name that is no token, or a value that would end
 * its line early or does not fit in bytes: mistakes of the caller, which on the wire would split the response.
 */
export function responseHeadText(
  status: number,
  headers: Iterable<readonly [string, string]>,
  reason: string = reasonPhrase(status),
): string {
  let head = statusLine(status, reason);
  for (const [name, value] of headers) head += fieldLine(name, value);
  return head + "\r\n";
}

/** The first lines of those that are registered: nearly every response begins with one of them. */
const STATUS_LINES: readonly (string | undefined)[] = Array.from(
  { length: 600 },
  (_, status) => status in REASON_PHRASES ? `HTTP/1.1 ${status} ${REASON_PHRASES[status]}\r\n` : undefined,
);

/** The first line of a response head. Throws as {@linkcode responseHeadText} does. */
export function statusLine(status: number, reason?: string): string {
  const line = reason === undefined ? STATUS_LINES[status] : undefined;
  return line ?? writtenStatusLine(status, reason ?? reasonPhrase(status));
}

function writtenStatusLine(status: number, reason: string): string {
  if (!Number.isInteger(status) || status < 100 || status > 999) {
    throw new TypeError(`Cannot send the status "${status}"`);
  }
  if (!LINE_SAFE.test(reason)) throw new TypeError(`Cannot send the reason phrase ${JSON.stringify(reason)}`);
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/** One line of a head. Throws as {@linkcode responseHeadText} does. */
export function fieldLine(name: string, value: string): string {
  if (!knownNames.has(name)) learnName(name);
  if (!LINE_SAFE.test(value)) {
    throw new TypeError(`Cannot send the value ${JSON.stringify(value)} in the header field "${name}"`);
  }
  return `${name}: ${value}\r\n`;
}

/** Names that are tokens: a program sends the same few again and again. */
const knownNames = new Set<string>();
/** Programs that make names up do not fill the memory. */
const MOST_NAMES = 1_000;

function learnName(name: string): void {
  if (!IS_TOKEN.test(name)) {
    throw new TypeError(`Cannot send a header field with the name ${JSON.stringify(name)}`);
  }
  if (knownNames.size < MOST_NAMES) knownNames.add(name);
}

/** The bytes of {@linkcode responseHeadText}. */
export function encodeResponseHead(
  status: number,
  headers: Iterable<readonly [string, string]>,
  reason: string = reasonPhrase(status),
): Uint8Array {
  return latin1(responseHeadText(status, headers, reason));
}

/** RFC 9110, 5.6.2. */
const IS_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Other control characters pass, as they do in the Headers of fetch: they are ugly, but do not end a line. */
const LINE_SAFE = /^[^\0\r\n\u0100-\uffff]*$/;

function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * A time as HTTP writes it, an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
 *
 * @param ms Milliseconds since 1970. Parts of a second are dropped.
 * @throws {RangeError} For a time whose year has not four digits.
 */
export function httpDate(ms: number): string {
  // ECMAScript prescribes this very format for years of four digits.
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`Cannot write the time "${ms}" as an HTTP date`);
  return date.toUTCString();
}

/** A Date field that is formatted once a second, however often it is asked for. */
export class DateField {
  #second = NaN;
  #value = "";
  #text = "";
  #line: Uint8Array = new Uint8Array(0);

  /** The field's value at the time `ms`. */
  value(ms: number): string {
    this.#update(ms);
    return this.#value;
  }

  /** The whole field line at the time `ms` as text, with its CRLF. */
  text(ms: number): string {
    this.#update(ms);
    return this.#text;
  }

  /** The bytes of the whole field line at the time `ms`, `Date: …` with its CRLF. Not to be written to: it is shared. */
  line(ms: number): Uint8Array {
    this.#update(ms);
    return this.#line;
  }

  #update(ms: number): void {
    const second = Math.floor(ms / 1000);
    if (second === this.#second) return;
    this.#value = httpDate(second * 1000);
    this.#text = `Date: ${this.#value}\r\n`;
    this.#line = latin1(this.#text);
    this.#second = second;
  }
}
