/** Everything that handshakes go by: made anew when the configuration is read again, or the keys of tickets change. */

import { type Context, OpenSslError } from "../../../ffi/openssl/mod.ts";
import { clientPolicy, type Tls, type TlsListener } from "../../config/tls.ts";
import { NOBODY, ServerNames } from "../../tls/names.ts";
import { type CertificateFact, type ContextSurroundings, makeSiteContext } from "./site_context.ts";

/** Whom a client gets: a site's context; `pass`, a backend that does TLS itself; or nobody. */
export type Choice =
  | {
    readonly context: Context;
    readonly policy: number;
    /** Whether a client's certificate is to be its own authority's, which OpenSSL cannot ask for. */
    readonly selfSigned: boolean;
  }
  | "pass"
  | "nobody";

/** The sites of one listener. */
class ListenerCredentials {
  readonly #names: ServerNames;
  readonly #choices: readonly Choice[];
  /** Whom those get who ask for no name, or for one that no site has. */
  readonly #first: Choice;
  readonly #strict: boolean;

  constructor({ sites, strictNames }: TlsListener, choices: readonly Choice[]) {
    this.#names = new ServerNames(sites);
    this.#choices = choices;
    this.#strict = strictNames;
    const nameless = sites.findIndex(({ names, tls }) => names.length === 0 && tls !== "pass");
    const any = sites.findIndex(({ tls }) => tls !== "pass");
    this.#first = choices[nameless >= 0 ? nameless : any] ?? "nobody";
    if (nameless >= 0) this.#strict = false;
  }

  choose(serverName: string | undefined): Choice {
    const index = this.#names.find(serverName);
    if (index !== NOBODY) return this.#choices[index]!;
    return this.#strict && serverName !== undefined ? "nobody" : this.#first;
  }
}

/** The contexts of all sites. Connections that began under one keep it alive beyond {@linkcode free}. */
export class Credentials {
  /** About each certificate, once. */
  readonly facts: readonly CertificateFact[];
  /** What people should know of the authorities of clients. */
  readonly warnings: readonly string[];
  readonly #listeners = new Map<string, ListenerCredentials>();
  readonly #contexts: Context[] = [];

  /** @throws {OpenSslError} when a file cannot be used: nothing is left open then */
  constructor({ listeners }: Tls, surroundings: ContextSurroundings) {
    const facts = new Map<string, CertificateFact>();
    const warnings = new Set<string>();
    // A site that answers on several addresses has one context.
    const made = new Map<string, Choice>();
    try {
      for (const listener of listeners) {
        const choices = listener.sites.map(({ names, tls }): Choice => {
          if (tls === "pass") return "pass";
          const key = JSON.stringify([names, tls]);
          const known = made.get(key);
          if (known !== undefined) return known;
          const { context, facts: found, warnings: said } = makeSiteContext(names, tls, surroundings);
          this.#contexts.push(context);
          for (const fact of found) facts.set(`${fact.file}\n${names.join()}`, fact);
          for (const warning of said) warnings.add(warning);
          const policy = clientPolicy(tls);
          const choice = {
            context,
            policy,
            selfSigned: policy !== 0 && tls.settings.clientVerifyDepth === 0,
          };
          made.set(key, choice);
          return choice;
        });
        this.#listeners.set(listener.address, new ListenerCredentials(listener, choices));
      }
    } catch (error) {
      this.free();
      throw error;
    }
    this.facts = [...facts.values()];
    this.warnings = [...warnings];
  }

  /**
   * Whom a client gets.
   *
   * @param listener the address of the listener, as the hand-off names it
   * @param serverName what the client asks for
   */
  choose(listener: string, serverName: string | undefined): Choice {
    return this.#listeners.get(listener)?.choose(serverName) ?? "nobody";
  }

  /** Lets go of them: no handshake begins under them any more. */
  free(): void {
    for (const context of this.#contexts) context.free();
  }
}

export { OpenSslError };
