/** What the front says itself, where no backend gets the connection. */

import { encodeResponseHead, reasonPhrase } from "./response_head.ts";

/** A sentence for people about each status that the front answers with. */
const EXPLANATIONS = {
  301: "What is asked for is at another address.",
  302: "What is asked for is at another address.",
  303: "What is asked for is at another address.",
  307: "What is asked for is at another address.",
  308: "What is asked for is at another address.",
  400: "This is not a valid HTTP/1.1 request.",
  401: "Whoever asks for this has to show who they are.",
  403: "This is not for everybody.",
  404: "No site or route here takes this request.",
  408: "The request did not arrive in time.",
  410: "What was here is gone.",
  413: "The content of this request is larger than is accepted here.",
  414: "The request line is longer than is accepted here.",
  417: "The only expectation that is met here is 100-continue.",
  421: "This connection does not serve the host that the request names.",
  429: "There were more requests from this client than are answered. Please try again soon.",
  431: "The header fields of this request are larger than is accepted here.",
  500: "Something went wrong here. The request may be fine.",
  501: "This request needs something that is not supported here.",
  502: "The server behind this one gave no valid response.",
  503: "No server can take this request now. Please try again soon.",
  504: "The server behind this one did not respond in time.",
  505: "The HTTP versions that are spoken here are 1.0 and 1.1.",
  508: "This request goes round in circles here.",
} as const satisfies Record<number, string>;

/** The statuses that {@linkcode answer} has words for. */
export type AnswerStatus = keyof typeof EXPLANATIONS;

/** What an answer says beyond its status. */
export interface AnswerOptions {
  /** Seconds after which it makes sense to try again. A 503 or 429 always says so: 1 unless given. */
  readonly retryAfter?: number;
  /** The value of the Date field, as `httpDate` gives it. Without it there is none, as RFC 9110, 6.6.1 allows. */
  readonly date?: string;
  /** What is wrong, in lower case without a period, for instance `RequestHead.why`. */
  readonly why?: string;
  /** Whether the request was HEAD: the answer then has no content, but says how long it would be. */
  readonly head?: boolean;
  /** Fields besides those that every answer has. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  /** Whether another request may follow on the connection. */
  readonly persistent?: boolean;
  /** Content in place of this file's own: HTML if it begins with `<`, plain text otherwise. */
  readonly document?: string;
}

/** Whether there are words for a status, such as one that a parser left. */
export function isAnswerStatus(status: number): status is AnswerStatus {
  return Object.hasOwn(EXPLANATIONS, status);
}

/**
 * A complete response, after which the connection closes unless an option says otherwise. Made of constants and options alone, so that one answer
 * can be kept and sent to many clients.
 *
 * @throws {TypeError} If an option would break the response's head.
 */
export function answer(status: number, options: AnswerOptions = {}): Uint8Array {
  // RFC 9110, 15.3.5, 15.3.6 and 15.4.5: what follows their head is the next response.
  const isEmpty = status === 204 || status === 205 || status === 304;
  const content = new TextEncoder().encode(isEmpty ? "" : options.document ?? text(status, options.why));
  const type = options.document?.startsWith("<") ? "text/html" : "text/plain";
  const headers: [string, string][] = [];
  if (options.date !== undefined) headers.push(["Date", options.date]);
  if (!isEmpty) headers.push(["Content-Type", `${type}; charset=utf-8`]);
  // 8.6: 204 never says a length, and that of 304 would be the other response's.
  if (!isEmpty || status === 205) headers.push(["Content-Length", String(content.length)]);
  headers.push(
    ...options.persistent ? [] : [["Connection", "close"] as [string, string]],
    ...(options.fields ?? []).map(([name, value]): [string, string] => [name, value]),
  );
  const retryAfter = options.retryAfter ?? (status === 503 || status === 429 ? 1 : undefined);
  if (retryAfter !== undefined) headers.push(["Retry-After", seconds(retryAfter)]);
  const head = encodeResponseHead(status, headers);
  if (options.head) return head;
  const response = new Uint8Array(head.length + content.length);
  response.set(head);
  response.set(content, head.length);
  return response;
}

function text(status: number, why: string | undefined): string {
  const reason = why ? `Because ${why}.\n` : "";
  return `${status} ${reasonPhrase(status)}\n\n${
    isAnswerStatus(status) ? EXPLANATIONS[status] : "That is what this site says to it."
  }\n${reason}`;
}

/** RFC 9110, 10.2.3: whole seconds. Rounded up, so that nobody comes back too soon. */
function seconds(value: number): string {
  if (!Number.isFinite(value) || value < 0) {
    throw new TypeError(`Cannot ask to retry after "${value}" seconds`);
  }
  return String(Math.ceil(value));
}
