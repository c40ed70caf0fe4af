/** What clients may do, and how long things may take. */

/** What a client may send before its connection is handed over, and what it waits for at most. */
export interface Limits {
  /** Bytes of a request line, without its CRLF; longer is answered with 414. */
  readonly requestLine: number;
  /** Bytes of a whole request head; longer is answered with 431. */
  readonly head: number;
  /** Milliseconds from accept to a complete head; 408 after that. */
  readonly headTimeout: number;
  /** Milliseconds from hand-off to acknowledgement, before a backend is given up. */
  readonly acknowledgeTimeout: number;
  /** Milliseconds that a connection waits for a backend that can take it; 503 after that. */
  readonly queueTimeout: number;
  /** Milliseconds that a connection may be idle between two requests; it is closed after that. */
  readonly keepAliveTimeout: number;
  /** Milliseconds that draining may take at the end. */
  readonly drainTimeout: number;
  /** Hand-offs to one backend process that may be unacknowledged at a time. */
  readonly unacknowledged: number;
  /** Connections of one front worker that may wait for a backend; beyond it 503 at once. */
  readonly queue: number;
  /** Idle connections that one front worker keeps; beyond it, that which is idle longest is closed. */
  readonly parked: number;
  /** Requests on one connection, after which it is closed; 0 for any number. */
  readonly requests: number;
  /** Connections of one client at a time, at the front and at its backends; beyond it new ones are closed. 0 for any number. */
  readonly perClient: number;
  /** New connections of one client a second, and at once; 0 for any number. */
  readonly connectionRate: number;
  readonly connectionBurst: number;
  /** The same of requests: those that the front sees, and those that a backend process sees. */
  readonly requestRate: number;
  readonly requestBurst: number;
}

/** The limits that apply where the configuration says nothing. */
export const DEFAULT_LIMITS: Limits = {
  requestLine: 8_192,
  head: 32_768,
  headTimeout: 10_000,
  acknowledgeTimeout: 2_000,
  queueTimeout: 3_000,
  keepAliveTimeout: 60_000,
  drainTimeout: 10_000,
  unacknowledged: 128,
  queue: 4_096,
  parked: 65_536,
  requests: 0,
  perClient: 0,
  connectionRate: 0,
  connectionBurst: 0,
  requestRate: 0,
  requestBurst: 0,
};
