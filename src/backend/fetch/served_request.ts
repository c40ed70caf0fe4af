/** The `Request` that handlers get. */

import type { ExchangeInfo } from "./info.ts";
import { isCertainUrl } from "./request_url.ts";
import { fix, setMethod } from "./request_parts.ts";

/** What a request is made of. */
export interface RequestParts {
  /** As the client has written it. */
  readonly method: string;
  /** Known to make a URL. */
  readonly url: string;
  /** Name and value, in order. */
  fields(): [string, string][];
  /** The content; undefined when there is none. @param request to be aborted if its client leaves in the middle of it */
  content(request: Request): ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  /** What the handler is told beside it. */
  readonly info?: ExchangeInfo;
}

/**
 * A request that makes what a handler asks for when it asks. Most handlers look at the URL, the method and a field or two;
 * making all of a `Request` for each of them takes longer than everything else about it. What is not here is asked of a
 * real `Request`, made at that moment; so are the places where the runtime itself looks inside of one.
 */
class LazyRequest {
  readonly #parts: RequestParts;
  #real: Request | undefined;
  #url: string | undefined;
  #headers: Headers | undefined;
  #controller: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  get method(): string {
    return this.#parts.method;
  }

  get url(): string {
    return this.#url ??= LazyRequest.#href(this);
  }

  static #href(request: LazyRequest): string {
    if (request.#real !== undefined) return request.#real.url;
    const { url } = request.#parts;
    return isCertainUrl(url) ? url : new URL(url).href;
  }

  get headers(): Headers {
    return this.#headers ??= this.#real?.headers ?? fix(new Headers(this.#parts.fields()));
  }

  /** Aborted when the client leaves before it has the whole response. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal. A static method, so that handlers do not see it on their request. */
  static abort(request: LazyRequest, reason: unknown): void {
    request.#reason ??= { value: reason };
    request.#controller?.abort(reason);
  }

  /** Whether an error is the reason for which the signal was aborted. */
  static isAbort(request: LazyRequest, error: unknown): boolean {
    return request.#reason !== undefined && request.#reason.value === error;
  }

  /** What the handler was told beside this request; undefined for a request that was made by somebody else. */
  static info(request: object): ExchangeInfo | undefined {
    return #parts in request ? request.#parts.info : undefined;
  }

  /** The real request behind it. */
  static real(request: LazyRequest): Request {
    if (request.#real !== undefined) return request.#real;
    const { method, url } = request.#parts;
    const content = request.#parts.content(asRequest(request));
    const headers = request.#headers ?? request.#parts.fields();
    const { signal } = request;
    // The constructor takes neither every method nor content with all of them.
    const known = KNOWN.test(method) && (content === undefined || !CONTENTLESS.test(method));
    const made = known ? method : STAND_IN;
    const real = new Request(url, { method: made, headers, signal, ...content && { body: content } });
    if (!known) setMethod(real, method);
    fix(real.headers);
    return request.#real = real;
  }
}

/** Methods that the constructor of `Request` keeps as they are (Fetch, 2.2.1). */
const KNOWN = /^(?!(?:CONNECT|TRACE|TRACK)$)[^a-z]+$/;
/** Those that it takes no content with. */
const CONTENTLESS = /^(?:GET|HEAD)$/;
/** One that it takes, whatever comes with it. */
const STAND_IN = "POST";

const sample = new Request("http://sample/");
// Everything else that a request has: its properties and methods, and the slots that the runtime keeps in it.
const others = new Set([...Reflect.ownKeys(Request.prototype), ...Object.getOwnPropertySymbols(sample)]);
for (const key of others) {
  if (Object.hasOwn(LazyRequest.prototype, key)) continue;
  const isMethod = typeof Object.getOwnPropertyDescriptor(Request.prototype, key)?.value === "function";
  Object.defineProperty(
    LazyRequest.prototype,
    key,
    isMethod
      ? {
        configurable: true,
        writable: true,
        value(this: LazyRequest, ...args: unknown[]) {
          const real = LazyRequest.real(this);
          return Reflect.apply(Reflect.get(real, key), real, args);
        },
      }
      : {
        configurable: true,
        get(this: LazyRequest) {
          return Reflect.get(LazyRequest.real(this), key);
        },
        set(this: LazyRequest, value: unknown) {
          Reflect.set(LazyRequest.real(this), key, value);
        },
      },
  );
}
Object.defineProperty(LazyRequest.prototype, "constructor", {
  configurable: true,
  value: Request,
  writable: true,
});
Object.setPrototypeOf(LazyRequest.prototype, Request.prototype);

/** Makes the request of a handler. @param parts asked when the handler asks, and at most once each */
export function servedRequest(parts: RequestParts): Request {
  return asRequest(new LazyRequest(parts));
}

/** It has the members of a Request by its prototypes, as the runtime sees them and the compiler does not. */
function asRequest(request: LazyRequest): Request {
  return request as unknown as Request;
}

/** Aborts the signal of a {@linkcode servedRequest}. */
export function abortRequest(request: Request, reason: unknown): void {
  // As it was made above.
  LazyRequest.abort(request as unknown as LazyRequest, reason);
}

/** Whether what a handler threw is the reason for which its {@linkcode servedRequest} was aborted. */
export function isAbortOf(request: Request, error: unknown): boolean {
  return LazyRequest.isAbort(request as unknown as LazyRequest, error);
}

/** What a handler was told beside a {@linkcode servedRequest}; undefined for any other request. */
export function infoOf(request: Request): ExchangeInfo | undefined {
  return LazyRequest.info(request);
}
