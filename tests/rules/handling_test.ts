/** Which files are run by an application, and where nobody here can say so. */

import assert from "node:assert/strict";
import { isPlaceOf } from "../../src/rules/file_place.ts";
import { handlingOf, indexOf } from "../../src/rules/handling.ts";
import type { Section } from "../../src/rules/model.ts";

const FILES = [
  "/w/a.php",
  "/w/a.txt",
  "/w/b.txt",
  "/w/.htx.php",
  "/w/no/a.php",
  "/w/kept/.htaccess",
  "/w/kept/a.php",
  "/w/silent/a.php",
];
/** Files with nothing in them. */
const EMPTY = ["/w/silent/.htaccess"];
const LINKS = ["/w/link.php", "/w/to"];
const files = {
  is: (kind: string, name: string) =>
    kind === "file" || kind === "notEmpty"
      ? [...FILES, ...kind === "file" ? EMPTY : [], "/w/link.php", "/w/to/a.php"].includes(name)
      : kind === "link"
      ? LINKS.includes(name)
      : ["/w", "/w/", "/w/no", "/w/kept", "/w/silent", "/w/to", "/"].includes(name),
};
const SECTIONS: readonly Section[] = [
  { place: { file: { directory: "/" } }, overrides: false, links: true, index: ["x", "a.php"] },
  { place: { file: { name: "\\.php$" } }, handler: 3 },
  { place: { file: { directory: "/w/no/" } }, handler: false },
  { place: { file: { directory: "/w/kept/" } }, overrides: true },
  { place: { file: { directory: "/w/silent/" } }, overrides: true },
];

function sectionsWith(more: readonly Section[] = []) {
  const order = [...SECTIONS, ...more];
  return (name: string) => order.filter(({ place }) => isPlaceOf(place!.file!, name));
}

Deno.test("handlingOf(): a file that is there, and what of the path follows", () => {
  const of = (name: string, more?: readonly Section[]) => {
    const found = handlingOf(name, sectionsWith(more), files);
    return found && `${found.target} ${found.script} ${found.info}`;
  };
  assert.equal(of("/w/a.php"), "3 /w/a.php ");
  assert.equal(of("/w/a.php/b/c"), "3 /w/a.php /b/c");
  assert.equal(of("/w/link.php"), "3 /w/link.php ");
  for (const name of ["/w/b.php", "/w/a.txt", "/w/a.txt/x.php", "/w/.htx.php", "/w/", "/w/no/a.php"]) {
    assert.equal(of(name), undefined, name);
  }
  // What would be said there nobody here reads.
  assert.equal(of("/w/kept/a.php"), undefined);
  assert.equal(of("/w/silent/a.php"), "3 /w/silent/a.php ");
  const unlinked = [{ place: { file: { directory: "/w/" } }, links: false }];
  for (const name of ["/w/link.php", "/w/to/a.php"]) assert.equal(of(name, unlinked), undefined, name);
  assert.equal(of("/w/a.php", unlinked), "3 /w/a.php ");
});

Deno.test("handlingOf(): what has to be executable is run only where it may be", () => {
  const of = (...more: readonly Section[]) => handlingOf("/w/a.php/b", sectionsWith(more), files)?.target;
  const executed: Section = { place: { file: {} }, handler: 4, executed: true };
  assert.equal(of(executed), undefined);
  assert.equal(of(executed, { place: { file: { directory: "/w/" } }, executes: true }), 4);
  assert.equal(
    of({ place: { file: {} }, executes: true }, executed, { place: { file: {} }, executes: false }),
    undefined,
  );
});

Deno.test("indexOf(): the first that is there, or leads elsewhere, if it is for somebody else", () => {
  const place = { name: "/w/", path: "/p/" };
  const named: Section = { place: { file: { name: "^b\\.txt$" } }, responseFields: [] };
  const of = (index: readonly string[], elsewhere = "") =>
    indexOf(
      place,
      sectionsWith([{ place: { file: {} }, index }, named]),
      files,
      (path) => path === elsewhere,
    );
  assert.equal(of(["none", "a.php", "a.txt"]), "/p/a.php");
  assert.equal(of(["a.txt", "a.php"]), undefined);
  assert.equal(of(["/a.php", "none"]), undefined);
  // More is said of its name.
  assert.equal(of(["b.txt", "a.php"]), "/p/b.txt");
  // It need not be there.
  assert.equal(of(["none.php"], "/p/none.php"), "/p/none.php");
  assert.equal(of(["a.txt", "none.php"], "/p/none.php"), undefined);
  assert.equal(of(["none", "/app/"], "/app/"), "/app/");
  // Where no section speaks of it nobody has to know.
  assert.equal(indexOf(place, () => [], files, () => true), undefined);
});
