/** Requests that are put to servers, straight and by a relay. */

/** One of them. */
export interface ServerRequest {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  /** Besides Host and those of framing. */
  readonly fields: readonly string[];
  readonly content?: string;
  readonly chunked?: boolean;
}

const TARGETS = [
  "/",
  "/index.html",
  "/a.txt",
  "/a.txt?x=1&y=%20&z",
  "/a.txt?",
  "/a%20b.txt",
  "/%61.txt",
  "/caf%C3%A9.txt",
  "/caf%c3%a9.txt",
  "/100%25.txt",
  "/a+b&c=d.txt",
  "/a%2Bb%26c%3Dd.txt",
  "/style.css",
  "/data.json",
  "/empty",
  "/large.bin",
  "/sub/",
  "/sub/page.html",
  "/sub/../a.txt",
  "/sub/./page.html",
  "/sub/%2e%2e/a.txt",
  "/missing",
  "/missing/deep/er",
  "/a.txt/",
  "/sub",
  "/sub?query=stays",
  "/empty-directory/",
  "/%01",
  // What nginx has of its own; elsewhere they are not found.
  "/moved/",
  "/elsewhere",
  "/see-other",
  "/teapot",
  "/gone",
  "/nothing",
  "/cookies",
  "/list/",
];

/** Fields that ask for something. ETAG and MODIFIED stand for what the server says of `/a.txt`. */
const ASKING: readonly (readonly string[])[] = [
  ["Range: bytes=0-9"],
  ["Range: bytes=5-"],
  ["Range: bytes=-5"],
  ["Range: bytes=199-199"],
  ["Range: bytes=200-"],
  ["Range: bytes=99999999-"],
  ["Range: bytes=9-5"],
  ["Range: bytes=a-b"],
  ["Range: lines=1-2"],
  ["Range: bytes=0-1,5-6"],
  ["Range: bytes=0-0, -1"],
  ["Range: bytes=0-9", "If-Range: ETAG"],
  ["Range: bytes=0-9", 'If-Range: "other"'],
  ["If-None-Match: ETAG"],
  ['If-None-Match: "other"'],
  ['If-None-Match: "other", ETAG'],
  ["If-None-Match: *"],
  ["If-Match: ETAG"],
  ['If-Match: "other"'],
  ["If-Modified-Since: MODIFIED"],
  ["If-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT"],
  ["If-Modified-Since: whenever"],
  ["If-Unmodified-Since: MODIFIED"],
  ["If-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT"],
  ["Accept-Encoding: gzip"],
  ["Accept-Encoding: gzip;q=0, identity"],
  ["Accept: application/json", "Accept-Language: de, en;q=0.5"],
  ["Cookie: a=1; b=2", "Cookie: c=3"],
  ["X-Empty:", "X-Latin: \u00e4", "X-Spaces:   a   b  "],
  ["Connection: keep-alive"],
  ["Connection: close"],
  ["Cache-Control: no-cache", "Pragma: no-cache"],
  ["Authorization: Basic YTpi"],
];

const ALTERING = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"];

function request(method: string, target: string, more: Partial<ServerRequest> = {}): ServerRequest {
  return { method, target, minor: 1, fields: [], ...more };
}

/** Methods by targets, HTTP/1.0, and content that nobody wants. */
export const REQUESTS: readonly ServerRequest[] = [
  ...TARGETS.flatMap((target) => [request("GET", target), request("HEAD", target)]),
  ...TARGETS.slice(0, 24).map((target) => request("GET", target, { minor: 0 })),
  ...TARGETS.slice(0, 6).map((target) =>
    request("HEAD", target, { minor: 0, fields: ["Connection: keep-alive"] })
  ),
  ...ALTERING.flatMap((method) => [
    request(method, "/a.txt"),
    request(method, "/a.txt", { content: "some content" }),
    request(method, "/missing", { content: "some content", chunked: true }),
  ]),
  request("GET", "/a.txt", { content: "a GET with content" }),
  request("GET", "/a.txt", { content: "in chunks", chunked: true }),
];

/** What asks for parts and by conditions. */
export const PREPARED: readonly ServerRequest[] = ASKING.flatMap((fields) => [
  request("GET", "/a.txt", { fields }),
  request("HEAD", "/a.txt", { fields }),
  request("GET", "/style.css", { fields }),
]);

/** For a server that keeps what it is sent. */
export const UPLOADS: readonly ServerRequest[] = [
  request("PUT", "", { content: "" }),
  request("PUT", "", { content: "counted" }),
  request("PUT", "", { content: "in chunks", chunked: true }),
  request("PUT", "", { content: "x".repeat(300_000) }),
  request("PUT", "", { content: "y".repeat(300_000), chunked: true }),
  request("PUT", "", { content: "asked first", fields: ["Expect: 100-continue"] }),
  request("PUT", "", { content: "asked first, in chunks", chunked: true, fields: ["Expect: 100-continue"] }),
  request("PUT", "", { content: "of HTTP/1.0", minor: 0 }),
];
