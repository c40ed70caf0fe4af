import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError } from "../../src/config/error.ts";
import { loadConfig } from "../../src/config/load.ts";
import { EXAMPLE, EXAMPLE_CONFIG } from "./example.ts";

const RELATIVE = `{ "listen": "80", "sites": [{ "to": "fd://run/app.sock" }] }`;

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "fdpass-config-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function piped(text: string | Uint8Array<ArrayBuffer>): { stdin: ReadableStream<Uint8Array<ArrayBuffer>> } {
  return { stdin: new Blob([text]).stream() };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (error) => error);
  assert(error instanceof ConfigError, String(error));
  return error.message;
}

Deno.test("loadConfig() takes the directory of the file as the base of relative paths", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "fdpass.json");
    await Deno.writeTextFile(path, RELATIVE);
    assert.equal((await loadConfig(path)).backends[0]?.socket, `${directory}/run/app.sock`);
  }));

Deno.test("loadConfig() resolves a relative path of the file against the working directory", async () => {
  const path = join("tests", "config", `loaded-${crypto.randomUUID()}.json`);
  await Deno.writeTextFile(path, RELATIVE);
  try {
    assert.equal((await loadConfig(path)).backends[0]?.socket, join(Deno.cwd(), "tests/config/run/app.sock"));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("loadConfig() reads standard input, relative to the working directory", async () => {
  assert.equal(
    (await loadConfig("-", piped(RELATIVE))).backends[0]?.socket,
    join(Deno.cwd(), "run/app.sock"),
  );
});

Deno.test({
  name: "loadConfig() needs no permission for standard input",
  permissions: "none",
  fn: async () => {
    const absolute = EXAMPLE.replaceAll("./", "/etc/fdpass/");
    assert.deepEqual(await loadConfig("-", piped(absolute)), EXAMPLE_CONFIG);
    assert.equal(
      await messageOf(loadConfig("/etc/fdpass.json")),
      "/etc/fdpass.json: Cannot read this file without permission; run with --allow-read",
    );
  },
});

Deno.test("loadConfig() calls standard input by its name in messages", async () => {
  const message = await messageOf(loadConfig("-", piped("[]")));
  assert.match(message, /^standard input:1:1: Found /);
});

Deno.test("loadConfig() tells the Apache syntax by how it begins", async () => {
  const text = `\n# For one host\nListen 80\nProxyPass / fd://run/app.sock\n`;
  const config = await loadConfig("-", piped(text));
  assert.equal(config.syntax, "apache");
  assert.deepEqual(config.backends, [
    { name: "app", socket: `${Deno.cwd()}/run/app.sock`, workers: 1, flusher: "flush" },
  ]);
});

Deno.test("loadConfig() says in a sentence why a file cannot be read", () =>
  inDirectory(async (directory) => {
    assert.equal(
      await messageOf(loadConfig(`${directory}/nothing.json`)),
      `${directory}/nothing.json: Cannot find this file; ` +
        "write the path of a configuration, or - to read standard input",
    );
    assert.equal(
      await messageOf(loadConfig(directory)),
      `${directory}: Cannot read a directory; write the path of the configuration in it`,
    );
  }));

Deno.test("loadConfig() finds the first bytes that are not UTF-8", async () => {
  const utf8 = new TextEncoder();
  const cases: [Uint8Array, string][] = [
    [Uint8Array.of(0xff, 0xfe, 0x7b, 0x00), "1:1"],
    [Uint8Array.of(...utf8.encode('{\n  "ü\ufffd": "'), 0xfc, 0x22), "2:10"],
    [Uint8Array.of(...utf8.encode("{\r\n"), 0xe2, 0x82, 0x0a), "2:1"],
  ];
  for (const [bytes, place] of cases) {
    assert.equal(
      await messageOf(loadConfig("-", piped(new Uint8Array(bytes)))),
      `standard input:${place}: Found bytes that are not UTF-8; save the configuration as UTF-8`,
    );
  }
});
