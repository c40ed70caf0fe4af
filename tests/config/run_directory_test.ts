/** Where sockets are of whom nobody has told: on the machines and in the environments that users have. */

import assert from "node:assert/strict";
import { defaultRunDirectory, makeSocketDirectory } from "../../src/config/run_directory.ts";
import { TemporaryDirectory } from "../support/processes.ts";

const ME = Deno.uid()!;
/** An ordinary user, also where root runs this: then what is made here is given to that user. */
const USER = ME === 0 ? 12_345 : ME;
const OTHER = 54_321;

/** A directory of the user's, or of another one. */
function made(path: string, mode = 0o700, owner = USER): string {
  Deno.mkdirSync(path);
  Deno.chmodSync(path, mode);
  if (ME === 0) Deno.chownSync(path, owner, owner);
  return path;
}

/** Asks with these variables, and no others. */
function chosen(variables: Readonly<Record<string, string>>, more: { user?: number; system?: string } = {}) {
  return defaultRunDirectory({ environment: (name) => variables[name], user: USER, ...more });
}

Deno.test("defaultRunDirectory() takes the user's own, and that of a service", () => {
  using directory = new TemporaryDirectory();
  const own = made(directory.join("own"));
  const service = made(directory.join("service"), 0o755);
  assert.deepEqual(chosen({ XDG_RUNTIME_DIR: own }), { path: `${own}/fdpass` });
  assert.deepEqual(chosen({ XDG_RUNTIME_DIR: `${own}/` }), { path: `${own}/fdpass` });
  assert.deepEqual(chosen({ RUNTIME_DIRECTORY: `${service}:/run/more`, XDG_RUNTIME_DIR: own }), {
    path: service,
  });
});

Deno.test("defaultRunDirectory() says why it is a private directory below the temporary one", () => {
  using directory = new TemporaryDirectory();
  const TMPDIR = directory.join("tmp");
  made(TMPDIR, 0o1777);
  const path = `${TMPDIR}/fdpass-${USER}`;
  const cases: Record<string, RegExp> = {
    "": /^XDG_RUNTIME_DIR is not set, so sockets are in /,
    "run": /^XDG_RUNTIME_DIR is "run", which is no absolute path, /,
    [directory.join("none")]: /which does not exist, /,
    [directory.write("file", "")]: /which is no directory, /,
    "/proc/self": ME === 0 ? /which belongs to user 0, / : /which (cannot be written|others)/,
    [made(directory.join("open"), 0o777)]: /which others may write to, /,
    ...ME === 0 && { [made(directory.join("others"), 0o700, OTHER)]: /which belongs to user 54321, / },
    ...ME !== 0 &&
      { [made(directory.join("closed"), 0o500)]: /which cannot be written \(permission denied.*\), / },
  };
  for (const [value, note] of Object.entries(cases)) {
    const found = chosen({ TMPDIR, ...value !== "" && { XDG_RUNTIME_DIR: value } });
    assert.equal(found.path, path, value);
    assert.match(found.note!, note);
    assert.ok(
      found.note!.endsWith(`, so sockets are in ${path}, which is for user ${USER} alone`),
      found.note,
    );
  }
  assert.equal(chosen({}).path, `/tmp/fdpass-${USER}`, "without TMPDIR");
  assert.equal(chosen({ TMPDIR: "relative" }).path, `/tmp/fdpass-${USER}`, "one that is no absolute path");
  assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound, "choosing makes nothing");
});

Deno.test("defaultRunDirectory() of root is the system's, if that can be written", () => {
  using directory = new TemporaryDirectory();
  const TMPDIR = made(directory.join("tmp"), 0o1777, 0);
  const system = directory.join("run/fdpass");
  Deno.mkdirSync(directory.join("run"));
  assert.deepEqual(chosen({ TMPDIR }, { user: 0, system }), { path: system });
  Deno.mkdirSync(system);
  assert.deepEqual(chosen({ TMPDIR, XDG_RUNTIME_DIR: TMPDIR }, { user: 0, system }), { path: system });
  // A file system that nobody can write to.
  const { path, note } = chosen({ TMPDIR }, { user: 0, system: "/proc/self/fdpass" });
  assert.equal(path, `${TMPDIR}/fdpass-0`);
  assert.match(note!, /^\/proc\/self cannot be written \(.*\), so sockets are in /);
});

Deno.test("makeSocketDirectory() makes all that is missing for its owner alone, whatever the umask", () => {
  using directory = new TemporaryDirectory();
  const before = Deno.umask(0o277);
  try {
    makeSocketDirectory(directory.join("a/b/c"));
  } finally {
    Deno.umask(before);
  }
  for (const name of ["a", "a/b", "a/b/c"]) {
    assert.equal(Deno.statSync(directory.join(name)).mode! & 0o7777, 0o700);
  }
  Deno.chmodSync(directory.join("a"), 0o755);
  makeSocketDirectory(directory.join("a"));
  assert.equal(Deno.statSync(directory.join("a")).mode! & 0o7777, 0o755, "what is there stays as it is");
  const file = directory.write("file", "");
  assert.throws(
    () => makeSocketDirectory(`${file}/run`),
    /Cannot make the directory ".*\/file\/run" for sockets: /,
  );
});

Deno.test("below the temporary directory only what is this user's alone is used", () => {
  using directory = new TemporaryDirectory();
  const TMPDIR = directory.join("tmp");
  Deno.mkdirSync(TMPDIR);
  Deno.chmodSync(TMPDIR, 0o1777);
  const path = `${TMPDIR}/fdpass-${ME}`;
  const surroundings = { environment: (name: string) => name === "TMPDIR" ? TMPDIR : undefined, user: ME };
  const make = () => makeSocketDirectory(path, surroundings);
  make();
  assert.equal(Deno.lstatSync(path).mode! & 0o7777, 0o700);
  make();
  const refused = (why: RegExp) => {
    const message = new RegExp(
      `^Cannot have sockets in "${path}": ${why.source}.*; write DefaultRuntimeDir, set `,
    );
    assert.throws(make, { name: "RunDirectoryError", message });
    // Whoever only looks for sockets there must not find those of others.
    if (ME !== 0) {
      assert.throws(() => defaultRunDirectory(surroundings), { name: "RunDirectoryError", message });
    }
  };
  Deno.chmodSync(path, 0o750);
  refused(/others than its owner may use it/);
  if (ME === 0) {
    Deno.chmodSync(path, 0o700);
    Deno.chownSync(path, OTHER, OTHER);
    refused(/it belongs to user 54321/);
  }
  Deno.removeSync(path);
  Deno.mkdirSync(directory.join("mine"), { mode: 0o700 });
  Deno.symlinkSync(directory.join("mine"), path);
  refused(/there is something that is no directory/);
  Deno.removeSync(path);
  Deno.chmodSync(TMPDIR, 0o777);
  refused(/in ".*\/tmp" everybody may move what is another's/);
  if (ME === 0) {
    Deno.chmodSync(TMPDIR, 0o755);
    Deno.chownSync(TMPDIR, OTHER, OTHER);
    refused(/".*\/tmp" belongs to user 54321/);
  }
});
