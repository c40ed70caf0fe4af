/** Debian's /etc/apache2, as the package lays it out, with modules and a site enabled as a2enmod and a2ensite do. */

import { TemporaryDirectory } from "../../support/processes.ts";

const PACKAGE = "/etc/apache2";
const MODULES = ["proxy", "proxy_http", "headers", "rewrite"];

/**
 * Copies it for a port of this host.
 *
 * @param variables lines for its `envvars`
 * @param site a virtual host, in which `PORT` is the port; the package's own stands before it
 */
export function debianTree(port: number, variables: readonly string[], site: string): TemporaryDirectory {
  const tree = new TemporaryDirectory();
  const { success } = new Deno.Command("cp", { args: ["-a", `${PACKAGE}/.`, tree.path] }).outputSync();
  if (!success) throw new Error(`Cannot copy ${PACKAGE}`);
  // Its processes change their user, and have to get through.
  Deno.chmodSync(tree.path, 0o755);
  for (const name of ["run", "lock", "log"]) Deno.mkdirSync(tree.join(name));
  edit(
    tree,
    "envvars",
    (text) =>
      text.replaceAll(/\/var\/(run|lock|log)\/apache2\$SUFFIX/g, (_, name) => tree.join(name)) +
      variables.map((line) => `${line}\n`).join(""),
  );
  edit(tree, "ports.conf", (text) => text.replace(/^Listen 80$/m, `Listen 127.0.0.1:${port}`));
  edit(tree, "sites-available/000-default.conf", (text) => text.replace("*:80>", `*:${port}>`));
  tree.write("sites-available/app.conf", site.replaceAll("PORT", String(port)));
  for (const { name } of [...Deno.readDirSync(tree.join("sites-enabled"))]) {
    Deno.removeSync(tree.join(`sites-enabled/${name}`));
  }
  for (const name of ["000-default", "app"]) enable(tree, "sites", `${name}.conf`);
  for (const name of MODULES) {
    for (const file of [`${name}.load`, `${name}.conf`]) enable(tree, "mods", file);
  }
  return tree;
}

function edit(tree: TemporaryDirectory, name: string, change: (text: string) => string): void {
  const text = Deno.readTextFileSync(tree.join(name));
  const changed = change(text);
  if (changed === text) throw new Error(`${name} is not as Debian's package has it`);
  Deno.writeTextFileSync(tree.join(name), changed);
}

/** Links a file that there is. */
function enable(tree: TemporaryDirectory, what: "mods" | "sites", file: string): void {
  const link = tree.join(`${what}-enabled/${file}`);
  const files = [...Deno.readDirSync(tree.join(`${what}-available`))].map(({ name }) => name);
  const links = [...Deno.readDirSync(tree.join(`${what}-enabled`))].map(({ name }) => name);
  if (files.includes(file) && !links.includes(file)) Deno.symlinkSync(`../${what}-available/${file}`, link);
}
