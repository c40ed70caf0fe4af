/**
 * A TLS connection of the side that connects: SSL_connect(3), and sessions that later ones go on with.
 *
 * @module
 */
import type { Descriptor } from "../descriptor.ts";
import { cString } from "../memory.ts";
import type { Certificate } from "./certificate.ts";
import type { ClientContext } from "./client_context.ts";
import { ssl } from "./library.ts";
import { Session } from "./session.ts";

const {
  SSL_SESSION_free,
  SSL_SESSION_is_resumable,
  SSL_connect,
  SSL_ctrl_bytes,
  SSL_get1_session,
  SSL_set_session,
} = ssl;

const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
const TLSEXT_NAMETYPE_HOST_NAME = 0n;

/** What later connections to the same server can go on with. Owned by whoever has it, who calls {@linkcode free}. */
export class ResumableSession {
  /** @param pointer an SSL_SESSION with a reference that is this object's */
  constructor(readonly pointer: NonNullable<Deno.PointerValue>) {}

  /** Lets go of it. */
  free(): void {
    SSL_SESSION_free(this.pointer);
  }
}

/** One connection to a server. Owns no descriptor. */
export class ClientSession extends Session {
  /**
   * @param fd non-blocking, lent
   * @param serverName the name that the server is asked for (RFC 6066, 3), if it has one
   * @param resume what an earlier connection has left; it stays its owner's
   */
  constructor(
    context: Pick<ClientContext, "pointer">,
    fd: Descriptor,
    serverName?: string,
    resume?: ResumableSession,
  ) {
    super(context, fd);
    if (serverName !== undefined) {
      SSL_ctrl_bytes(
        this.pointer,
        SSL_CTRL_SET_TLSEXT_HOSTNAME,
        TLSEXT_NAMETYPE_HOST_NAME,
        cString(serverName),
      );
    }
    if (resume !== undefined) SSL_set_session(this.pointer, resume.pointer);
  }

  /** Goes on with the handshake: 1 when it is over, or what it waits for, or {@linkcode BROKEN}. */
  connect(): number {
    return this.outcome(SSL_connect(this.pointer));
  }

  /** The server's certificate, owned by the caller; undefined before it has shown one. */
  get serverCertificate(): Certificate | undefined {
    return this.clientCertificate;
  }

  /** Why it does not count; undefined when it does, or nobody has looked. */
  get serverFault(): string | undefined {
    return this.clientFault;
  }

  /** What a later connection can go on with, owned by the caller; undefined where the server has given nothing. */
  resumable(): ResumableSession | undefined {
    const pointer = SSL_get1_session(this.pointer);
    if (pointer === null) return undefined;
    const session = new ResumableSession(pointer);
    if (SSL_SESSION_is_resumable(pointer) === 1) return session;
    session.free();
    return undefined;
  }
}
