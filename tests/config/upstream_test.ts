import assert from "node:assert/strict";
import { formatUpstream, nameToResolve, readUpstream } from "../../src/config/upstream.ts";

const resolve = (path: string) => path.startsWith("/") ? path : `/etc/${path}`;

const READ: readonly (readonly [text: string, upstream: object, written?: string])[] = [
  ["http://127.0.0.1:3000", { at: { host: "127.0.0.1", port: 3000 }, authority: "127.0.0.1:3000", base: "" }],
  [
    "http://App.internal/",
    { at: { host: "app.internal", port: 80 }, authority: "app.internal", base: "" },
    "http://app.internal",
  ],
  [
    "HTTP://[::1]:3000/a/b/",
    { at: { host: "::1", port: 3000 }, authority: "[::1]:3000", base: "/a/b" },
    "http://[::1]:3000/a/b",
  ],
  ["unix:/run/app.sock", { at: { path: "/run/app.sock" }, authority: "localhost", base: "" }],
  [
    "unix:run/app.sock",
    { at: { path: "/etc/run/app.sock" }, authority: "localhost", base: "" },
    "unix:/etc/run/app.sock",
  ],
  [
    "unix:/run/app.sock|http://app.example/base",
    { at: { path: "/run/app.sock" }, authority: "app.example", base: "/base" },
  ],
];

Deno.test("readUpstream() reads what formatUpstream() writes", () => {
  for (const [text, upstream, written = text] of READ) {
    const reading = readUpstream(text, resolve);
    assert.deepEqual(reading, { value: upstream }, text);
    assert.ok("value" in reading);
    assert.equal(formatUpstream(reading.value), written);
    assert.deepEqual(readUpstream(written, resolve), reading);
  }
});

Deno.test("readUpstream() says what is wrong and what would be right", () => {
  const faulty = [
    "",
    "app",
    "127.0.0.1:3000",
    "ftps://a",
    "http://",
    "http://a b",
    "ftp://a",
    "http://a/?b",
  ];
  faulty.push("http://a/#b", "http://u:p@a", "http://a:0", "http://a:99999", "unix:", "unix:/a/", "fd:///a");
  faulty.push("unix:/a|ftp://b", "http://a\n");
  for (const text of faulty) {
    const reading = readUpstream(text, resolve);
    assert.ok("fault" in reading, text);
    assert.match(reading.fault, /^Cannot [^;]+; write [^.].*[^.]$/, text);
  }
});

Deno.test("nameToResolve() names what the system has to be asked for", () => {
  const name = (text: string) => {
    const reading = readUpstream(text, resolve);
    assert.ok("value" in reading);
    return nameToResolve(reading.value);
  };
  assert.equal(name("http://app.internal:3000"), "app.internal");
  for (
    const text of ["http://127.0.0.1", "http://[::1]", "http://localhost:1", "unix:/a|http://app.internal"]
  ) {
    assert.equal(name(text), undefined, text);
  }
});
