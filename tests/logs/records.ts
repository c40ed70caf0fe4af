/** Records for tests. */

import { LogRecord } from "../../src/logs/record.ts";

/** What a test says of a record; the rest is that of a small GET. */
export type Given = Partial<{ -readonly [Key in keyof LogRecord]: LogRecord[Key] }>;

/** A record of a request that was answered. */
export function record(given: Given = {}): LogRecord {
  const made = new LogRecord({ name: "web", process: 4711, kind: "fetch" });
  return Object.assign(made, {
    client: "192.0.2.7",
    clientPort: 50123,
    local: "192.0.2.1",
    localPort: 8080,
    site: "example.com",
    route: "/app/",
    identity: { requestId: "1a2b-3c.2", traceId: "", connection: { name: "1a2b-3c" } },
    number: 2,
    begun: Date.UTC(2000, 9, 10, 13, 55, 36, 123),
    duration: 1_234_567,
    waited: 250,
    handover: 300,
    method: "GET",
    target: "/app/a.txt?b=c",
    path: "/app/a.txt",
    query: "b=c",
    authority: "example.com:8080",
    head:
      'GET /app/a.txt?b=c HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: curl/8\r\nReferer: http://x/"y"\r\n' +
      "Cookie: a=1; session=s3 ; b=2\r\n\r\n",
    received: 120,
    status: 200,
    responseHead: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
    content: 2326,
    sent: 2400,
    fate: "+",
  }, given);
}

/** What a format makes of a record, without the line's end. */
export function without(line: string): string {
  return line.replace(/\n$/, "");
}
