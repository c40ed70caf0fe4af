/** One request, as any client makes it, to see what is answered. */

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Bytes of the body. */
  readonly length: number;
  /** The beginning of the body. */
  readonly body: string;
}

/** Milliseconds that an answer may take. */
const PATIENCE = 30_000;
/** Bytes of the answer that are kept. */
const KEPT = 65_536;

/**
 * Asks for a path on a connection of its own, and reads to the end.
 *
 * @param authority what the server's certificate is checked by, where it speaks TLS
 * @throws {Error} when no whole answer comes
 */
export async function exchange(port: number, path: string, authority?: string): Promise<Answer> {
  const connection = authority === undefined
    ? await Deno.connect({ hostname: "127.0.0.1", port })
    : await Deno.connectTls({ hostname: "localhost", port, caCerts: [authority] });
  const timer = setTimeout(() => connection.close(), PATIENCE);
  try {
    const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(1 << 18);
    let text = "";
    let total = 0;
    const decoder = new TextDecoder("latin1");
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) break;
      total += length;
      if (text.length < KEPT) text += decoder.decode(buffer.subarray(0, length));
    }
    const end = text.indexOf("\r\n\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
    return { status, length: total - end - 4, body: text.slice(end + 4) };
  } finally {
    clearTimeout(timer);
    try {
      connection.close();
    } catch {
      // It was given up.
    }
  }
}
