/** The environment, for those who can do without. */

/** A variable: undefined where it is not set, its name cannot be one, or Deno may not read it. */
export function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
