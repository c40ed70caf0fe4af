/** What is answered at the admin address: by path, and only to those who read. */

import { reasonPhrase, responseHeadText } from "../../http/response_head.ts";
import type { FrontStatus } from "../front/front_status.ts";
import type { AdminRequest, Responder } from "./admin_guest.ts";
import { Exposition } from "./exposition.ts";
import { History } from "./history.ts";
import { Metrics } from "./metrics.ts";
import { POLICY, statusPage } from "./page/page.ts";
import { TextBytes } from "./text_bytes.ts";

/** What there is to be shown. */
export interface Figures {
  /** How the front is, now. */
  status(): FrontStatus;
}

/** A response but for what all of them have. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly content: string | TextBytes;
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

const PLAIN = "text/plain; charset=utf-8";

/**
 * For everything here: what is shown is of this moment, is no page of anybody else's, and no script but our own runs.
 */
const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ["Cache-Control", "no-store"],
  ["X-Content-Type-Options", "nosniff"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Referrer-Policy", "no-referrer"],
];

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Answers with figures. */
export class AdminResponder implements Responder {
  /** Hosts that may be named besides addresses and localhost. */
  names: ReadonlySet<string> = new Set();
  readonly history: History;
  readonly #prometheus = new Metrics(new Exposition(false));
  readonly #openMetrics = new Metrics(new Exposition(true));
  readonly #pages: Readonly<Record<string, (request: AdminRequest) => Page>> = {
    "/": () => this.#statusPage(),
    "/healthz": () => plain(200, "ok"),
    "/ready": () => this.#ready(),
    "/metrics": (request) => this.#metrics(request),
    "/status.json": () => ({
      status: 200,
      type: "application/json",
      content: JSON.stringify(this.figures.status()),
    }),
  };

  constructor(readonly figures: Figures) {
    this.history = new History(() => figures.status());
  }

  answer(request: AdminRequest): Uint8Array<ArrayBuffer> {
    return response(this.#page(request), request.method === "HEAD", request.stays);
  }

  refuse(status: number, why: string): Uint8Array<ArrayBuffer> {
    return response(plain(status, why), false, false);
  }

  #page(request: AdminRequest): Page {
    const { method, path, host } = request;
    if (!this.#mayName(host)) {
      return plain(
        421,
        "the Host is a name that is not allowed here: ask by address, or allow it (docs/metrics.md)",
      );
    }
    const page = Object.hasOwn(this.#pages, path) ? this.#pages[path] : undefined;
    if (page === undefined) {
      return plain(404, `there are ${Object.keys(this.#pages).join(", ")}`);
    }
    if (method !== "GET" && method !== "HEAD") {
      return { ...plain(405, "this is for reading alone"), fields: [["Allow", "GET, HEAD"]] };
    }
    return page(request);
  }

  /** A page whose own name leads here (DNS rebinding) says that name, and no script of it may read this. */
  #mayName(host: string): boolean {
    return host === "" || host === "localhost" || /^\[[\da-f:.]+\]$/.test(host) || /^[\d.]+$/.test(host) ||
      this.names.has(host);
  }

  #ready(): Page {
    const { draining, missing } = this.figures.status();
    if (draining) return plain(503, "draining");
    if (missing.length === 0) return plain(200, "ready");
    return plain(503, `these routes have had no backend yet: ${missing.join(", ")}`);
  }

  #statusPage(): Page {
    return {
      status: 200,
      type: "text/html; charset=utf-8",
      content: statusPage(this.figures.status(), this.history),
      fields: [["Content-Security-Policy", POLICY], ["X-Frame-Options", "DENY"]],
    };
  }

  #metrics({ accept }: AdminRequest): Page {
    const metrics = accept.includes("application/openmetrics-text") ? this.#openMetrics : this.#prometheus;
    return { status: 200, type: metrics.out.contentType, content: metrics.write(this.figures.status()) };
  }
}

function plain(status: number, text: string): Page {
  return { status, type: PLAIN, content: `${text}\n` };
}

/** Heads of responses with nothing of their own, by what they say: a collector of figures gets the same again and again. */
const HEADS = new Map<string, Bytes>();
const MOST_HEADS = 64;

function headOf(status: number, type: string, length: number, stays: boolean, fields: Page["fields"]): Bytes {
  const key = fields === undefined ? `${status} ${length} ${stays} ${type}` : "";
  const known = HEADS.get(key);
  if (known !== undefined) return known;
  const head = encoder.encode(responseHeadText(status, [
    ["Content-Type", type],
    ["Content-Length", String(length)],
    ...FIELDS,
    ...fields ?? [],
    // An HTTP/1.0 client that has asked for it wants to be told.
    ["Connection", stays ? "keep-alive" : "close"],
  ], reasonPhrase(status)));
  if (fields === undefined) {
    if (HEADS.size >= MOST_HEADS) HEADS.clear();
    HEADS.set(key, head);
  }
  return head;
}

/** @param head only the head is wanted @param stays another request may follow */
function response({ status, type, content, fields }: Page, head: boolean, stays: boolean): Bytes {
  const bytes = typeof content === "string" ? encoder.encode(content) : content.bytes;
  const start = headOf(status, type, bytes.length, stays, fields);
  if (head) return start;
  if (content instanceof TextBytes) return content.after(start);
  const all = new Uint8Array(start.length + bytes.length);
  all.set(start);
  all.set(bytes, start.length);
  return all;
}
