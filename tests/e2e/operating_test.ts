/** docs/operating.md, from top to bottom: every command prints what the page says. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { FrontProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/waiting.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PORT = 8480;

/** What differs from run to run: numbers, times, and how columns are filled. */
function alike(text: string): string {
  return text.replace(/\b[A-Z][a-z]{2}\/(?=\d)/g, "Jan/").replace(/[+-](?=\d{4}\])/g, "+")
    .replace(/\d+(?:\.\d+)*/g, "0").replace(/\b0 (?:µs|ms|s|min|h)(?= |,|$)/gm, "0 s").replace(
      / -(?= |$)/gm,
      " 0 s",
    ).replace(/ +/g, " ")
    .replace(/ +$/gm, "").trim();
}

/** The commands of a page, each with what it prints. */
function commands(page: string): { readonly command: string; readonly output: string }[] {
  return [...page.matchAll(/^```console\n([^]*?)^```$/gm)].flatMap(([, block]) =>
    block!.split(/^\$ /m).slice(1).map((part) => {
      const end = part.indexOf("\n");
      return { command: part.slice(0, end), output: part.slice(end + 1) };
    })
  );
}

Deno.test("docs/operating.md: every command prints what the page says", async () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/operating.md`);
  using directory = new TemporaryDirectory();
  const port = freePort();
  const real = (text: string) => text.replaceAll(String(PORT), String(port));
  const control = directory.join("control.sock");
  Deno.mkdirSync(directory.join("site"));
  directory.write("site/index.html", "<p>Hello</p>\n");
  directory.write("app.ts", 'export default () => new Response("from the app\\n");\n');
  directory.write("fdpass.json", real(/^```json\n([^]*?)^```$/m.exec(page)![1]!));
  const options = `case "$1" in check) ;; *) set -- "$@" --control ${control};; esac`;
  const shim = directory.write(
    "fdpass",
    `#!/bin/sh\n${options}\nexec ${Deno.execPath()} run -A ${ROOT}cli.ts "$@"\n`,
  );
  Deno.chmodSync(shim, 0o755);
  const env = { PATH: `${directory.path}:${Deno.env.get("PATH")}`, NO_COLOR: "1", TZ: "UTC" };
  await using up = new FrontProgram(["up", directory.join("fdpass.json"), "--control", control], {
    permissions: ["--allow-all"],
  });
  for (const { command, output } of commands(page)) {
    if (command === "kill %1") {
      await up.stopCleanly();
      continue;
    }
    let printed: string;
    if (command.endsWith("&")) {
      await whenReady(up);
      printed = up.stdout;
    } else {
      const run = new Deno.Command("/bin/sh", {
        args: ["-c", `exec 2>&1; ${real(command)}`],
        cwd: directory.path,
        env,
      });
      const { stdout } = await run.output();
      printed = new TextDecoder().decode(stdout);
      // What has changed in the last second is not in it yet.
      if (command === "fdpass status") {
        printed = await until(async () => {
          const text = new TextDecoder().decode((await run.output()).stdout);
          return / up +- /.test(text) ? undefined : text;
        }, "a status with all processes");
      }
    }
    const seen = alike(
      printed.replaceAll(directory.path, "/srv/site").replaceAll("/srv/site/fdpass.json:", "fdpass.json:"),
    ).split("\n");
    const said = alike(output).split("\n");
    // Backends become ready in any order.
    if (command.endsWith("&")) [seen, said].forEach((lines) => lines.sort());
    assert.deepEqual(seen, said, command);
  }
});
