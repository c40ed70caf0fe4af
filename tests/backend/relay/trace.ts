/** What relays say of requests that differs from run to run. */

/** What differs from run to run is made the same. */
export function withoutNumbers(field: string): string {
  return field.replace(/^X-Request-Id: [\da-f]{4}-[\da-f]+\./, "X-Request-Id: hex-hex.")
    .replace(/^Traceparent: 00-[\da-f]{32}-[\da-f]{16}-/, "Traceparent: 00-hex-hex-");
}
