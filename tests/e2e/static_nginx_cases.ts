/** Requests that nginx and a static backend get for the same directory, and where they should differ. */

/** A field, or what a response is otherwise told by, as nginx has it and as fdpass has it. */
export type Difference = readonly [nginx: string | undefined, fdpass: string | undefined];

/** One request, and what is to be different in its responses. */
export interface Case {
  /** Method, target and perhaps a version: `GET /a.txt`. */
  readonly request: string;
  /**
   * Lines of the head. `{etag}` and `{modified}` are what the same server says of the target.
   */
  readonly fields: readonly string[];
  readonly differs: Readonly<Record<string, Difference>>;
  /** Why that is so, where something is. */
  readonly why?: string;
}

function same(request: string, ...fields: string[]): Case {
  return { request, fields, differs: {} };
}

function other(request: string, why: string, differs: Case["differs"], ...fields: string[]): Case {
  return { request, fields, differs, why };
}

/** The files, with their contents. */
export const FILES: Readonly<Record<string, string>> = {
  "index.html": "<p>root\n",
  "a.txt": "abcdefghijklmnopqrstuvwxyz",
  "empty.txt": "",
  "app.js": "console.log('a rather long line, so that the compressed one is shorter')\n".repeat(20),
  "style.css": "p {}\n",
  "data.json": "{}\n",
  "pixel.png": "\x89PNG",
  "drawing.svg": "<svg/>",
  "page.xml": "<a/>",
  "code.wasm": "\0asm",
  "font.woff2": "wOF2",
  "README": "read me",
  "archive.tar.gz": "gz",
  "unknown.zzz": "?",
  "dir/index.html": "<p>dir\n",
  "dir/b.txt": "b",
  "empty/.keep": "",
  "no-index/c.txt": "c",
  "only-compressed.txt.gz": "gz",
  ".hidden": "hidden",
  ".well-known/security.txt": "Contact: you",
  "with space.txt": "space",
  "größe.txt": "size",
  "100%.txt": "percent",
  "q?x=y.txt": "question",
  "a+b&c;d=e,f.txt": "signs",
  'quote".txt': "quote",
  "back\\slash.txt": "backslash",
  "new\nline.txt": "line",
  "dir with space/index.html": "<p>space\n",
};

/** Those that lie there compressed as well. */
export const COMPRESSED: readonly string[] = ["app.js", "style.css", "dir/index.html"];

const NO_INDEX =
  "a directory without an index is not there, rather than forbidden: nobody may be told that it exists";
const HIDDEN = "names that start with a dot are not served";
const MALFORMED = "a Range that is malformed is ignored (RFC 9110, 14.2): the file is what was asked for";
const RANGE_OF_HEAD = "Range means something with GET only (RFC 9110, 14.2)";
const RANGES_OF_FORMS = "a compressed form has ranges as any representation has (RFC 9110, 14)";
const OLD_CLIENTS =
  "who accepts a coding gets it, whatever the version and whoever passes it on: Vary is there for caches";

const METHODS: readonly Case[] = [
  same("GET /a.txt"),
  same("HEAD /a.txt"),
  same("GET /a.txt HTTP/1.0"),
  same("POST /a.txt", "Content-Length: 0"),
  same("PUT /a.txt", "Content-Length: 0"),
  same("DELETE /a.txt"),
  same("OPTIONS /a.txt"),
  same("PATCH /a.txt", "Content-Length: 0"),
  same("BREW /a.txt"),
];

const TYPES: readonly Case[] = [
  same("GET /"),
  same("GET /empty.txt"),
  same("GET /app.js"),
  same("GET /style.css"),
  same("GET /data.json"),
  same("GET /pixel.png"),
  same("GET /drawing.svg"),
  same("GET /page.xml"),
  same("GET /code.wasm"),
  same("GET /font.woff2"),
  same("GET /README"),
  other("GET /archive.tar.gz", "nginx's table does not have it", {
    "content-type": ["application/octet-stream", "application/gzip"],
  }),
  same("GET /unknown.zzz"),
];

const PATHS: readonly Case[] = [
  same("GET /none"),
  same("HEAD /none"),
  same("GET /none.html?x=y"),
  same("GET /dir/"),
  same("GET /dir"),
  same("HEAD /dir"),
  same("GET /dir?x=%20y&z"),
  same("GET /dir%20with%20space"),
  same("GET /dir%20with%20space/"),
  same("GET /dir/none"),
  same("GET /a.txt/"),
  same("GET /a.txt/b"),
  other("GET /empty/", NO_INDEX, { status: ["403", "404"] }),
  same("GET /no-index"),
  same("GET /no-index/c.txt"),
  other("GET /no-index/", NO_INDEX, { status: ["403", "404"] }),
  same("GET /a.txt?x=y"),
  same("GET /dir/../a.txt"),
  same("GET /dir/%2e%2e/a.txt"),
  same("GET /./dir/./b.txt"),
  same("GET //a.txt"),
  same("GET /dir//b.txt"),
  same("GET //dir"),
  same("GET /../a.txt"),
  same("GET /%2e%2e/a.txt"),
  same("GET /dir/../../a.txt"),
  other("GET /.hidden", HIDDEN, { status: ["200", "404"] }),
  other("GET /%2ehidden", HIDDEN, { status: ["200", "404"] }),
  same("GET /.well-known/security.txt"),
  other("GET /empty/.keep", HIDDEN, { status: ["200", "404"] }),
  same("GET /with%20space.txt"),
  same("GET /gr%C3%B6%C3%9Fe.txt"),
  same("GET /100%25.txt"),
  same("GET /q%3Fx=y.txt"),
  same("GET /a+b&c;d=e,f.txt"),
  same("GET /quote%22.txt"),
  same("GET /back%5Cslash.txt"),
  same("GET /new%0Aline.txt"),
  same("GET /%61.txt"),
  other("GET /dir%2Fb.txt", "an encoded slash is part of a name (RFC 3986, 2.2), and no name has one", {
    status: ["200", "404"],
  }),
  same("GET /a.txt%00"),
  same("GET /100%.txt"),
  same("GET /%ff"),
  same("GET /inside.txt"),
  other(
    "GET /outside.txt",
    "a link that leads out of the directory is not followed, unless that is asked for",
    { status: ["200", "404"] },
  ),
  other("GET /loop.txt", "a link to nowhere is no file, rather than a forbidden one", {
    status: ["403", "404"],
  }),
  same("GET /" + "x".repeat(300)),
  same("GET http://test/a.txt"),
];

const RANGES: readonly Case[] = [
  same("GET /a.txt", "Range: bytes=0-0"),
  same("GET /a.txt", "Range: bytes=5-9"),
  same("GET /a.txt", "Range: bytes=20-"),
  same("GET /a.txt", "Range: bytes=-5"),
  same("GET /a.txt", "Range: bytes=-100"),
  same("GET /a.txt", "Range: bytes=20-1000"),
  same("GET /a.txt", "Range: BYTES=1-2"),
  same("GET /a.txt", "Range: bytes= 1-2 , 4-5"),
  same("GET /a.txt", "Range: bytes=0-1,3-4,-2"),
  same("GET /a.txt", "Range: bytes=10-12,0-2"),
  same("GET /a.txt", "Range: bytes=0-0,0-0"),
  same("GET /a.txt", "Range: bytes=3-3,100-"),
  same("GET /a.txt", "Range: bytes=0-,0-"),
  same("GET /a.txt", "Range: bytes=26-"),
  same("GET /a.txt", "Range: bytes=100-200,300-"),
  same("GET /a.txt", "Range: bytes=-0"),
  other("GET /a.txt", MALFORMED, { status: ["416", "200"] }, "Range: bytes=9-5"),
  other("GET /a.txt", MALFORMED, { status: ["416", "200"] }, "Range: bytes=x-y"),
  same("GET /a.txt", "Range: bytes="),
  same("GET /a.txt", "Range: lines=1-2"),
  other("HEAD /a.txt", RANGE_OF_HEAD, { status: ["206", "200"] }, "Range: bytes=0-0"),
  other("HEAD /a.txt", RANGE_OF_HEAD, { status: ["416", "200"] }, "Range: bytes=26-"),
  same("GET /empty.txt", "Range: bytes=0-0"),
  same("GET /empty.txt", "Range: bytes=-5"),
  same("GET /dir/", "Range: bytes=0-2"),
  same("GET /none", "Range: bytes=0-2"),
  same("GET /dir", "Range: bytes=0-2"),
  same("GET /a.txt", "Range: bytes=1-2", "If-Range: {etag}"),
  same("GET /a.txt", "Range: bytes=1-2", "If-Range: {modified}"),
  same("GET /a.txt", "Range: bytes=1-2", 'If-Range: "other"'),
  same("GET /a.txt", "Range: bytes=1-2", "If-Range: Mon, 01 Jan 2001 00:00:00 GMT"),
  same("GET /a.txt", "Range: bytes=1-2", "If-Range: W/{etag}"),
  same("GET /a.txt", "If-Range: {etag}"),
];

const CONDITIONS: readonly Case[] = [
  same("GET /a.txt", "If-None-Match: {etag}"),
  same("HEAD /a.txt", "If-None-Match: {etag}"),
  same("GET /a.txt", "If-None-Match: W/{etag}"),
  same("GET /a.txt", 'If-None-Match: "other", {etag}'),
  same("GET /a.txt", "If-None-Match: *"),
  same("GET /a.txt", 'If-None-Match: "other"'),
  same("GET /none", "If-None-Match: *"),
  same("GET /a.txt", "If-Modified-Since: {modified}"),
  same("GET /a.txt", "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT"),
  same("GET /a.txt", "If-Modified-Since: Mon, 01 Jan 2035 00:00:00 GMT"),
  same("GET /a.txt", "If-Modified-Since: Monday, 01-Jan-35 00:00:00 GMT"),
  same("GET /a.txt", "If-Modified-Since: Mon Jan  1 00:00:00 2035"),
  same("GET /a.txt", "If-Modified-Since: yesterday"),
  same("GET /a.txt", 'If-None-Match: "other"', "If-Modified-Since: {modified}"),
  other(
    "GET /a.txt",
    "beside If-None-Match, If-Modified-Since is ignored (RFC 9110, 13.1.3)",
    { status: ["200", "304"] },
    "If-None-Match: {etag}",
    "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT",
  ),
  same("GET /a.txt", "If-Match: {etag}"),
  same("GET /a.txt", "If-Match: *"),
  same("GET /a.txt", 'If-Match: "other"'),
  same("GET /a.txt", "If-Match: W/{etag}"),
  same("GET /a.txt", "If-Unmodified-Since: {modified}"),
  same("GET /a.txt", "If-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT"),
  same("GET /a.txt", 'If-Match: "other"', "If-None-Match: {etag}"),
  same("GET /a.txt", "If-None-Match: {etag}", "Range: bytes=0-0"),
  same("GET /a.txt", "If-Match: {etag}", "Range: bytes=0-0"),
];

const FORMS: readonly Case[] = [
  other("GET /app.js", RANGES_OF_FORMS, { "accept-ranges": [undefined, "bytes"] }, "Accept-Encoding: gzip"),
  other("HEAD /app.js", RANGES_OF_FORMS, { "accept-ranges": [undefined, "bytes"] }, "Accept-Encoding: gzip"),
  other(
    "GET /app.js",
    RANGES_OF_FORMS,
    { "accept-ranges": [undefined, "bytes"] },
    "Accept-Encoding: gzip, deflate, br",
  ),
  other("GET /app.js", RANGES_OF_FORMS, { "accept-ranges": [undefined, "bytes"] }, "Accept-Encoding: GZIP"),
  other(
    "GET /app.js",
    RANGES_OF_FORMS,
    { "accept-ranges": [undefined, "bytes"] },
    "Accept-Encoding: gzip;q=0.5",
  ),
  same("GET /app.js", "Accept-Encoding: gzip;q=0"),
  same("GET /app.js", "Accept-Encoding: br"),
  same("GET /app.js", "Accept-Encoding: identity"),
  other(
    "GET /app.js",
    "* is any coding (RFC 9110, 12.5.3)",
    { "content-encoding": [undefined, "gzip"] },
    "Accept-Encoding: *",
  ),
  other("GET /app.js", "the client likes the file better as it is (RFC 9110, 12.5.3)", {
    "accept-ranges": [undefined, "bytes"],
    "content-encoding": ["gzip", undefined],
  }, "Accept-Encoding: gzip;q=0.5, identity"),
  other(
    "GET /app.js HTTP/1.0",
    OLD_CLIENTS,
    { "content-encoding": [undefined, "gzip"] },
    "Accept-Encoding: gzip",
  ),
  other(
    "GET /app.js",
    OLD_CLIENTS,
    { "content-encoding": [undefined, "gzip"] },
    "Accept-Encoding: gzip",
    "Via: 1.1 proxy",
  ),
  other(
    "GET /app.js",
    RANGES_OF_FORMS,
    { status: ["200", "206"] },
    "Accept-Encoding: gzip",
    "Range: bytes=0-9",
  ),
  other(
    "GET /app.js",
    RANGES_OF_FORMS,
    { status: ["200", "206"] },
    "Accept-Encoding: gzip",
    "Range: bytes=0-1,3-4",
  ),
  same("GET /app.js", "Accept-Encoding: gzip", "If-None-Match: {etag}"),
  other("GET /dir/", RANGES_OF_FORMS, { "accept-ranges": [undefined, "bytes"] }, "Accept-Encoding: gzip"),
  same("GET /dir", "Accept-Encoding: gzip"),
  same("GET /a.txt", "Accept-Encoding: gzip"),
  other(
    "GET /only-compressed.txt",
    "a compressed form is one of a file that is there: who does not accept it has to get something, too",
    { status: ["200", "404"] },
    "Accept-Encoding: gzip",
  ),
  other("GET /only-compressed.txt.gz", "nginx's table does not have it", {
    "content-type": ["application/octet-stream", "application/gzip"],
  }, "Accept-Encoding: gzip"),
];

export const CASES: readonly Case[] = [...METHODS, ...TYPES, ...PATHS, ...RANGES, ...CONDITIONS, ...FORMS];
