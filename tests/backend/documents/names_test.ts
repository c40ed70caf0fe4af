/** Names, types and settings of files that are served by their whole names. */

import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { mediaTypeOf, readTypes } from "../../../src/backend/documents/media_types.ts";
import { HostSettings } from "../../../src/backend/documents/settings.ts";
import { wholeName } from "../../../src/backend/documents/whole_name.ts";

Deno.test("wholeName() reads the host and the name, and nothing that leads elsewhere", () => {
  assert.deepEqual(wholeName("/0/srv/a.txt"), { host: 0, name: "/srv/a.txt" });
  assert.deepEqual(wholeName("/12/srv/"), { host: 12, name: "/srv" });
  assert.deepEqual(wholeName("/0/a%20b%25"), { host: 0, name: "/a b%" });
  assert.deepEqual(wholeName("/0/%C3%BC"), { host: 0, name: "/\u00c3\u00bc" });
  assert.deepEqual(wholeName("/0"), { host: 0, name: "/" });
  const none = [
    "/",
    "/x/srv",
    "/-1/a",
    "/0/..",
    "/0/a/../b",
    "/0/a/%2e%2e/b",
    "/0/a%2Fb",
    "/0/a%00",
    "/0/.",
    "",
  ];
  for (const path of none) assert.equal(wholeName(path), undefined, path);
  assert.equal(wholeName(`/0${"/a".repeat(1_000)}`), undefined);
});

Deno.test("wholeName() makes no name with a part that leads elsewhere, whatever it reads", () => {
  const part = fc.oneof(fc.string(), fc.constantFrom(".", "..", "%2e", "%2E%2e", "%2f", "%00", "a", ""));
  fc.assert(fc.property(fc.array(part), (parts) => {
    const name = wholeName(`/0/${parts.join("/")}`)?.name;
    if (name === undefined) return;
    assert.ok(name.startsWith("/") && !name.includes("\0"));
    for (const segment of name.slice(1).split("/")) assert.ok(segment !== "." && segment !== "..");
  }));
});

Deno.test("wholeName() reads the same name whether it is written oddly or not", () => {
  const part = fc.oneof(fc.string(), fc.constantFrom(".", "..", ".a", "%2e", "%2f", "%00", "a", "0"));
  const host = fc.constantFrom("0", "12", "1234567", "", "x");
  fc.assert(fc.property(host, fc.array(part), fc.boolean(), (host, parts, ends) => {
    const path = parts.map((part) => `/${part}`).join("") + (ends ? "/" : "");
    if (path === "") return;
    assert.deepEqual(wholeName(`/${host}${path}`), wholeName(`/${host}/${path}`), path);
  }));
});

const TABLE = readTypes("# comment\ntext/html\thtml htm\ntext/plain txt\nempty/type\napplication/gzip gz\n");

function typeOf(name: string, section: object = {}): string {
  const settings = new HostSettings({ sections: [{ place: {}, ...section }] }).of(`/${name}`);
  const { type, encoding, language } = mediaTypeOf(name, settings, TABLE);
  return [type ?? "-", encoding, language].filter((part) => part !== undefined).join(" ");
}

Deno.test("mediaTypeOf() goes by all endings of a name", () => {
  assert.equal(typeOf("a.html"), "text/html");
  assert.equal(typeOf("a.HTML"), "text/html");
  assert.equal(typeOf("html"), "-");
  assert.equal(typeOf(".html"), "-");
  assert.equal(typeOf("a.html.xyz"), "text/html");
  assert.equal(typeOf("a.txt.html"), "text/html");
  assert.equal(typeOf("a.__proto__"), "-");
  assert.equal(typeOf("a.html.gz", { encodings: { gz: "x-gzip" } }), "application/gzip x-gzip");
  assert.equal(typeOf("a.html.de", { languages: { de: "de" } }), "text/html de");
  assert.equal(typeOf("a.html", { charset: "utf-8" }), "text/html; charset=utf-8");
  assert.equal(typeOf("a.gz", { charset: "utf-8" }), "application/gzip");
  assert.equal(
    typeOf("a.html", { charset: "utf-8", charsets: { html: "koi8-r" } }),
    "text/html; charset=koi8-r",
  );
  assert.equal(typeOf("a.gz", { forceType: "text/plain" }), "text/plain");
  assert.equal(typeOf("a.txt", { types: { txt: "a/b" } }), "a/b");
});

Deno.test("HostSettings merges what is about a file, in order", () => {
  const settings = new HostSettings({
    sections: [
      { place: {}, index: ["a"], types: { a: "a/a" } },
      { place: { directory: "/srv/" }, index: ["b"], links: "never", types: { b: "b/b" } },
      { place: { directory: "/srv/x/" }, links: "follow" },
      { place: { pattern: "/priv" }, index: [] },
      { place: { directory: "/srv/", name: "^x\\.txt$" }, asks: true, types: { a: "x/x" } },
    ],
  });
  const of = (name: string) => {
    const { index, links, linksBelow, asks, types } = settings.of(name);
    return [index.join(), links, linksBelow, asks, Object.values(types).join()].join(" ");
  };
  assert.equal(of("/etc/a"), "a follow / false a/a");
  assert.equal(of("/srv"), "b never /srv/ false a/a,b/b");
  assert.equal(of("/srv/y"), "b never /srv/ false a/a,b/b");
  assert.equal(of("/srvx/y"), "a follow / false a/a");
  assert.equal(of("/srv/x/y"), "b follow /srv/x/ false a/a,b/b");
  assert.equal(of("/srv/private/y"), " never /srv/ false a/a,b/b");
  assert.equal(of("/srv/y/x.txt"), "b never /srv/ true x/x,b/b");
});
