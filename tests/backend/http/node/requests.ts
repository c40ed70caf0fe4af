/** Requests as they should be, with a few changes made to their bytes. */

import fc from "../../../support/properties.ts";

/** What follows each request: whether it is seen tells where the one before was taken to end. */
export const FOLLOWER = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

const pick = <T>(...values: T[]) => fc.constantFrom(...values);

/** Content without framing, of a length, or in chunks. */
const framed = fc.oneof(
  fc.constant({ lines: [] as string[], content: "" }),
  fc.string({ unit: pick("a", "b", "\r\n", "0", "\xff"), maxLength: 6 }).map((content) => ({
    lines: [`Content-Length: ${content.length}`],
    content,
  })),
  fc.record({
    chunks: fc.array(
      fc.tuple(
        fc.string({ unit: pick("a", "\r\n", "0"), minLength: 1, maxLength: 6 }),
        pick("", "", ";x", ';x="y"'),
      ),
      { maxLength: 3 },
    ),
    trailers: fc.array(pick("T: v\r\n", "Content-Length: 3\r\n", "Host: b\r\n"), { maxLength: 2 }),
  }).map(({ chunks, trailers }) => ({
    lines: ["Transfer-Encoding: chunked"],
    content:
      chunks.map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`).join("") +
      `0\r\n${trailers.join("")}\r\n`,
  })),
);

/** A field that matters to framing or to the connection, in order by itself. */
const good = pick(
  "Connection: close",
  "Connection: keep-alive",
  "Connection: keep-alive, close",
  "Connection: x",
  "Expect: 100-continue",
  "Upgrade: x",
  "Connection: upgrade",
  "X: y",
  "X:",
  "X: \xff",
);

/** One that is not, or not twice, or is spelt as some would have it. */
const doubtful = pick(
  "Expect: x",
  "Content-Length: 3",
  "Content-Length: 0",
  "Content-Length: +3",
  "Content-Length: 0x3",
  "Content-Length: 3, 3",
  "Content-Length: 03",
  "Content-Length: -1",
  "Content-Length:",
  "Content-Length: 99999999999999999999",
  "Content-Length : 3",
  "Transfer-Encoding: chunked",
  "transfer-encoding: CHUNKED",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, gzip",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding:",
  "Transfer-Encoding: chunked;x",
  "Transfer-Encoding : chunked",
  "Host: b",
  "Host:",
  " folded",
  "\tfolded",
  "X",
  ": y",
  "X\0: y",
  "X: \x7f",
);

const mostly = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: other });

const request = fc.record({
  method: mostly(
    pick("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"),
    pick("get", "FOO", "CONNECT", "PRI"),
  ),
  target: mostly(pick("/", "/a?b", "/a%20b", "http://a/x", "//x"), pick("*", "a:80", "/#f", "/a\xff", "x")),
  version: mostly(
    pick("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"),
    pick("HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.01", ""),
  ),
  framed,
  fields: fc.array(mostly(good, doubtful), { maxLength: 2 }),
}).map(({ method, target, version, framed, fields }) =>
  `${method} ${target}${version === "" ? "" : ` ${version}`}\r\n` +
  ["Host: a", ...framed.lines, ...fields].map((line) => line + "\r\n").join("") + `\r\n${framed.content}`
);

/** A plain request, so that most of what is changed was in order before. */
const plain = framed.map(({ lines, content }) =>
  `POST / HTTP/1.1\r\n${["Host: a", ...lines].map((line) => line + "\r\n").join("")}\r\n${content}`
);

/** A change of bytes: at a place, so many are left out, and something else is put in. */
const change = fc.record({
  at: fc.nat(200),
  without: pick(0, 0, 1, 2),
  put: pick(
    ...[
      "",
      " ",
      "\t",
      "\r",
      "\n",
      "\r\n",
      "\r\n ",
      "\r\n\r\n",
      ",",
      ";",
      ":",
      "+",
      "-",
      "0",
      "3",
      "x",
      '"',
      "#",
    ],
    ...["\0", "\x0b", "\x7f", "\x80", "\xff", "chunked", "HTTP/1.1"],
  ),
});

/** A line of the head is left out, or comes twice. */
const repetition = fc.record({ line: fc.nat(5), times: pick(0, 2) });

/** The bytes of a connection, each a character. */
export const connectionBytes: fc.Arbitrary<string> = fc.record({
  start: fc.oneof({ weight: 2, arbitrary: request }, { weight: 1, arbitrary: plain }),
  repetitions: fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, {
    weight: 1,
    arbitrary: fc.tuple(repetition),
  }),
  changes: fc.array(change, { maxLength: 2 }),
  before: pick("", "", "", FOLLOWER, "\r\n"),
}).map(({ start, repetitions, changes, before }) => {
  let text = start;
  for (const { line, times } of repetitions) {
    const lines = text.split("\r\n");
    const at = line % lines.length;
    text = [...lines.slice(0, at), ...Array<string>(times).fill(lines[at]!), ...lines.slice(at + 1)].join(
      "\r\n",
    );
  }
  for (const { at, without, put } of changes) {
    const place = at % (text.length + 1);
    text = text.slice(0, place) + put + text.slice(place + without);
  }
  return before + text + FOLLOWER;
});

/** What chance has found once, and finds seldom. */
export const REGRESSIONS: readonly string[] = [
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x\t\r\n0a0a\r\n0\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;#"\ty"\r\n00\r\n0\r\n\r\n',
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;;x\r\naa\r\n\r\n0\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\t;x="y"\r\na0a\r\n0\r\n\r\n',
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\t\r\n\r\n01234567",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: -unked\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n0\r\nT\r: v\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + FOLLOWER,
  "CONNECT a:80 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nGET /next HTTP/1.1\r\n",
  "CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\r\nb" + FOLLOWER,
  "POST /  HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST  / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n" + FOLLOWER,
  "OPTIONS *;x HTTP/1.1\r\nHost: a\r\n\r\n",
];
