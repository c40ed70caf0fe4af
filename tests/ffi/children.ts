/** Programs of fixtures/, run as processes of their own. */
import { fileURLToPath } from "node:url";

/** The path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(import.meta.resolve(`./fixtures/${name}`));
}

/** The command line that runs a fixture with these permissions and no others; it never asks and checks no types. */
export function fixtureArguments(name: string, permissions: readonly string[] = ["--allow-all"]): string[] {
  return ["run", "--quiet", "--no-prompt", "--no-check", "--no-lock", ...permissions, fixture(name)];
}

/** Runs a fixture to its end. */
export async function runFixture(
  name: string,
  permissions?: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: fixtureArguments(name, permissions),
    env: { NO_COLOR: "1" },
    stdin: "null",
  });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
