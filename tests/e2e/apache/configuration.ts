/**
 * Configurations of Apache, and requests that Apache and fdpass are both sent under each. In the text of a
 * configuration `@a` to `@d` are the URLs of servers, and `PORT` and `ADDRESS` are where it is to listen.
 */

/** A request: its target and its Host, or the whole of it. */
export type Request = ({ readonly target: string; readonly host?: string } | { readonly raw: string }) & {
  /** How many outcomes it has when it is repeated: 1 unless a balancer has several members. */
  readonly outcomes?: number;
};

/** A configuration with requests for it. */
export interface Configuration {
  readonly name: string;
  /** What stands in the one virtual host, or, with `whole`, outside of everything. */
  readonly text: string;
  readonly whole?: true;
  /** Whether targets are the same to the character, not only by what they mean. */
  readonly exact?: true;
  readonly requests: readonly Request[];
}

/** A virtual host for every address. */
export const host = (...lines: readonly string[]): string =>
  ["<VirtualHost *:PORT>", ...lines, "</VirtualHost>", ""].join("\n");

/** Requests for one host. */
export const to = (host: string, ...targets: readonly string[]): Request[] =>
  targets.map((target) => ({ target, host }));
/** Requests for the host that the virtual host has. */
export const get = (...targets: readonly string[]): Request[] => to("one.test", ...targets);
export const raw = (...lines: readonly string[]): Request => ({
  raw: `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`,
});

export const PLAIN = "ProxyPass / @a/";
