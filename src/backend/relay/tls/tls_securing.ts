/** TLS to upstreams: what all connections of a relay go by. */

import type { Descriptor } from "../../../../ffi/mod.ts";
import {
  ClientContext,
  ClientSession,
  type Identity,
  readCertificates,
  readPrivateKey,
  type ResumableSession,
} from "../../../../ffi/openssl/mod.ts";
import { TLS_DEFAULTS } from "../../../config/tls.ts";
import { isAddress, type UpstreamTls } from "../../../config/upstream_tls.ts";
import type { Poller } from "../../../loop/poller.ts";
import { readPem } from "../../tls/pem_file.ts";
import type { Securing } from "../secured.ts";
import type { UpstreamConnection } from "../upstream_connection.ts";
import { explainFailure, objectionTo } from "./objections.ts";
import { TlsConnection } from "./tls_connection.ts";

/** Makes connections that speak TLS. Sessions go on in later connections to a server of the same name. */
export class TlsSecuring implements Securing {
  readonly #context: ClientContext;
  /** By name, the one that came last. */
  readonly #sessions = new Map<string, ResumableSession>();
  #closed = false;

  /** @throws {OpenSslError} for a file that cannot be used, or ciphers that there are not: a sentence for people */
  constructor(readonly settings: UpstreamTls) {
    const { certificateAuthorities: file, authoritiesDirectory: directory } = settings;
    const identity = identityOf(settings);
    try {
      this.#context = new ClientContext({
        minVersion: settings.minVersion ?? TLS_DEFAULTS.minVersion,
        maxVersion: settings.maxVersion ?? TLS_DEFAULTS.maxVersion,
        ciphers: settings.ciphers ?? TLS_DEFAULTS.ciphers,
        cipherSuites: settings.cipherSuites ?? TLS_DEFAULTS.cipherSuites,
        verify: settings.verify ?? true,
        authorities: {
          ...file === undefined ? {} : { file },
          ...directory === undefined ? {} : { directory },
        },
        ...identity === undefined ? {} : { identity },
      });
    } finally {
      for (const certificate of identity?.chain ?? []) certificate.free();
      identity?.key.free();
    }
  }

  connection(poller: Poller, fd: Descriptor, all: Set<UpstreamConnection>, called: string): TlsConnection {
    const name = this.settings.serverName ?? called;
    const asked = isAddress(name) ? undefined : name;
    const session = new ClientSession(this.#context, fd, asked, this.#sessions.get(name));
    return new TlsConnection(poller, fd, all, session, {
      objection: (session) => objectionTo(session, name, this.settings),
      explain: explainFailure,
      keep: (session) => this.#keep(name, session),
    });
  }

  #keep(name: string, session: ClientSession): void {
    if (this.#closed) return;
    const resumable = session.resumable();
    if (resumable === undefined) return;
    this.#sessions.get(name)?.free();
    this.#sessions.set(name, resumable);
  }

  /** Lets go of everything. Connections that are open go on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const session of this.#sessions.values()) session.free();
    this.#sessions.clear();
    this.#context.free();
  }
}

/** What is shown to servers that ask for it. */
function identityOf({ certificate, key }: UpstreamTls): Identity | undefined {
  if (certificate === undefined) return undefined;
  const name = `the certificate "${certificate}"`;
  const what = `Cannot use ${name}`;
  const chain = readCertificates(readPem(certificate, what), what);
  try {
    const file = key ?? certificate;
    const whose = `Cannot use the key "${file}"`;
    return { chain, key: readPrivateKey(readPem(file, whose), whose), name };
  } catch (error) {
    for (const one of chain) one.free();
    throw error;
  }
}
