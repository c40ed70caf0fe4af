/** Variables of a configuration: those of Define, of the environment, and of the file that Debian has for them. */

/** Where a variable may have its value from besides Define. */
export interface Surroundings {
  /** The value of an environment variable. */
  environment(name: string): string | undefined;
  /** The text of the `envvars` beside the configuration; undefined where there is none. */
  envvars(): string | undefined;
}

/** The variables that are set. */
export class Variables {
  readonly #defined = new Map<string, string>();
  #envvars: ReadonlyMap<string, string> | undefined;

  constructor(readonly surroundings: Surroundings, defines: readonly string[]) {
    for (const name of defines) this.#defined.set(name, "");
  }

  define(name: string, value: string): void {
    this.#defined.set(name, value);
  }

  undefine(name: string): void {
    this.#defined.delete(name);
  }

  /** Whether `<IfDefine name>` holds. */
  isDefined(name: string): boolean {
    return this.#defined.has(name);
  }

  /** The value of `${name}`. */
  get(name: string): string | undefined {
    return this.#defined.get(name) ?? this.surroundings.environment(name) ?? this.#ofEnvvars(name);
  }

  /** The shell that starts httpd has read that file, so its variables are in httpd's environment. */
  #ofEnvvars(name: string): string | undefined {
    this.#envvars ??= readEnvvars(this.surroundings.envvars() ?? "");
    return this.#envvars.get(name);
  }
}

/**
 * Reads a file of the form that Debian starts httpd with: what it exports, where the value is a word. What else a shell
 * could do in it is left alone, and variables that are not set are empty.
 */
export function readEnvvars(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\s*export\s+(\w+)=(?:"([^"`]*)"|'([^']*)'|([^\s"'`;]*))\s*(?:#.*)?$/.exec(line);
    if (match === null) continue;
    const [, name = "", double, single, bare = ""] = match;
    const value = single ??
      (double ?? bare).replace(
        /\$\{?(\w+)(?::?-([^}]*))?\}?/g,
        (_, other, or) => values.get(other) ?? or ?? "",
      );
    values.set(name, value);
  }
  return values;
}
