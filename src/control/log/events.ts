/** What messages are about, by names that stay as they are: `event` of `--log-format json`, docs/logs.md has the table. */

/** All of them, by what they are about. */
export const EVENTS = [
  // A front and its backends.
  "backend-found",
  "backend-lost",
  "backend-awaited",
  "backend-restless",
  "handoff-refused",
  "request-refused",
  "response-broken-off",
  "made-room",
  "passwords-failed",
  // A backend and its fronts.
  "front-found",
  "front-lost",
  "front-fault",
  "front-refused",
  "front-too-many",
  // What serves requests.
  "connection-failed",
  "request-failed",
  "response-incomplete",
  "upstream-away",
  "upstream-back",
  "upstream-failed",
  "upstream-said",
  "relay-not-whole",
  "files-overridden",
  "program-said",
  "program-too-much",
  "program-ended",
  "program-late",
  "program-failed",
  "program-unanswered",
  // TLS.
  "certificates-read",
  "certificates-failed",
  "certificate-warning",
  "ticket-keys-stay",
  "tls-by-kernel",
  "tls-by-process",
  "tls-not-raw",
  // Processes.
  "worker-ready",
  "socket-unused",
  "take-over-begun",
  "front-succeeded",
  "take-over-failed",
  "process-ended",
  "process-killed",
  "start-failed",
  "failed",
  "ended-by-error",
  "stopping",
  "drain-late",
  // Reloads and commands.
  "configuration-applied",
  "backends-follow",
  "backend-stays",
  "module-reloaded",
  "reload-refused",
  "reload-failed",
  "reload-impossible",
  "reload-waits",
  "front-unreached",
  "control-missing",
  "admin-open",
  "admin-missing",
  // Descriptors.
  "descriptors-exhausted",
  "descriptors-free",
  "descriptors-withheld",
  // Access logs.
  "log-failed",
  "log-works",
  "log-stays",
  "messages-failed",
  "log-program-ended",
] as const;

/** One of them. */
export type EventName = typeof EVENTS[number];
