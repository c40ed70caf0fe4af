/** Programs in the documentation and in the modules' own comments are what they say they are. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Where programs stand for people to read. */
const PAGES = ["README.md", "docs/library.md", "mod.ts", "ffi/mod.ts"];

/** Files with examples that come to their end by themselves: those of what the two modules export. */
const EXAMPLES = [
  ...[...Deno.readDirSync(`${ROOT}ffi`)].map(({ name }) => `ffi/${name}`).filter((path) =>
    path.endsWith(".ts")
  ),
  "src/backend/serve.ts",
  "src/backend/backend.ts",
].filter((file) => !PAGES.includes(file)).sort();

/** What the programs call the two modules, and where those are. */
const MODULES: Readonly<Record<string, string>> = {
  "./mod.ts": `${ROOT}mod.ts`,
  "./ffi/mod.ts": `${ROOT}ffi/mod.ts`,
  "@fdpass/fdpass": `${ROOT}mod.ts`,
  "@fdpass/fdpass/libc": `${ROOT}ffi/mod.ts`,
};

/** The TypeScript blocks of a page, or of a comment. */
function programs(text: string): string[] {
  const page = text.replace(/^ \* ?/gm, "");
  return [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, program]) =>
    program!.replace(/(?<=from ")[^"]+(?=";)/g, (specifier) => MODULES[specifier] ?? specifier)
  );
}

/** A directory with all programs and examples, a file each, where they can be checked and run. */
class Programs implements Disposable {
  readonly directory = Deno.makeTempDirSync({ prefix: "fdpass-programs-" });
  readonly files: string[] = [];
  readonly examples: string[] = [];

  constructor() {
    // The project's own options but for unused parameters: an example may show one that it does not use.
    const compilerOptions = { ...project.compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
    this.#write("deno.json", JSON.stringify({ imports: project.imports, compilerOptions, lock: false }));
    for (const page of PAGES) {
      const found = this.#take(page);
      assert.ok(found.length > 0, `${page} has no program`);
      this.files.push(...found);
    }
    for (const file of EXAMPLES) this.examples.push(...this.#take(file));
    this.files.push(...this.examples);
  }

  #take(page: string): string[] {
    return programs(Deno.readTextFileSync(ROOT + page)).map((program, index) => {
      const file = `${page.replaceAll("/", "-")}-${index + 1}.ts`;
      this.#write(file, program);
      return file;
    });
  }

  #write(file: string, text: string): void {
    Deno.writeTextFileSync(`${this.directory}/${file}`, text);
  }

  /** Runs Deno there; what it wrote where it failed. */
  async deno(...args: readonly string[]): Promise<string> {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: this.directory,
      env: { NO_COLOR: "1" },
    }).output();
    return code === 0 ? "" : new TextDecoder().decode(stderr);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

Deno.test("the documented programs type-check", async () => {
  using written = new Programs();
  assert.equal(await written.deno("check", "--quiet", ...written.files), "");
});

Deno.test("the examples of what is exported do what they say", async () => {
  using written = new Programs();
  assert.ok(written.examples.length > 20, "the examples are not found");
  const all = written.examples.map((file) => `await import("./${file}");\n`).join("");
  Deno.writeTextFileSync(`${written.directory}/all.ts`, all);
  assert.equal(await written.deno("run", "--quiet", "--no-check", "--allow-all", "all.ts"), "");
});

/** Whether lines stand in a program one after another, however deep. */
function contains(program: string, excerpt: readonly string[]): boolean {
  const lines = program.split("\n");
  return lines.some((line, at) => {
    const depth = line.indexOf(excerpt[0]!);
    if (depth < 0 || line.slice(0, depth).trim() !== "") return false;
    const indent = " ".repeat(depth);
    return excerpt.every((wanted, index) => lines[at + index] === (wanted === "" ? "" : indent + wanted));
  });
}

Deno.test("the steps on writing a backend are lines of the example", () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/writing-a-backend.md`);
  const examples = ["handoff.py", "threaded_backend.py"].map((file) =>
    Deno.readTextFileSync(`${ROOT}examples/python/${file}`)
  );
  const excerpts = [...page.matchAll(/^```python\n([^]*?)\n```$/gm)].map(([, text]) => text!.split("\n"));
  assert.ok(excerpts.length > 0, "the page has no step");
  for (const excerpt of excerpts) {
    assert.ok(examples.some((example) => contains(example, excerpt)), excerpt.join("\n"));
  }
});

/** What a file declares: its functions, classes and interfaces, and `Class.member` for each of their members. */
function declaredIn(source: string): Set<string> {
  const names = new Set<string>();
  let outer = "";
  for (const line of source.split("\n")) {
    const [, own] = /^export (?:abstract )?(?:function|class|interface) (\w+)/.exec(line) ?? [];
    if (own !== undefined) names.add(outer = own);
    const [, member] = /^ {2}(?:override |async |get |readonly )*(\w+)(?:[(?:]|<)/.exec(line) ?? [];
    if (member !== undefined) names.add(`${outer}.${member}`);
  }
  return names;
}

Deno.test("the way of a connection goes through what is there", () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/architecture.md`);
  const [, way] = /^## The way of a connection$([^]*?)^## /m.exec(page) ?? [];
  const steps = [...way!.matchAll(/\[`([\w.]+)`\]\(\.\.\/([^)]+)\)/g)];
  assert.ok(steps.length > 30, "the way is not found");
  const missing = steps.filter(([, name, file]) =>
    !declaredIn(Deno.readTextFileSync(ROOT + file)).has(name!)
  );
  assert.deepEqual(missing.map(([, name, file]) => `${file} has no ${name}`), []);
});

Deno.test("what the documentation links to is there", () => {
  const pages = ["README.md", ...[...Deno.readDirSync(`${ROOT}docs`)].map(({ name }) => `docs/${name}`)]
    .filter((page) => page.endsWith(".md"));
  const missing = pages.flatMap((page) =>
    [...Deno.readTextFileSync(ROOT + page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, link]) => ({ page, link: link!, url: new URL(link!, `file://${ROOT}${page}`) }))
      .filter(({ url }) => !exists(url))
      .map(({ page, link }) => `${page} links to ${link}`)
  );
  assert.deepEqual(missing, []);
});

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch {
    return false;
  }
}
