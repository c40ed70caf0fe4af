/** `openssl s_client` with somebody at the keyboard. */

import { until } from "../../support/waiting.ts";
import { NAME, type SecureSite } from "./site.ts";

/**
 * Types requests and commands of s_client, each once what was asked before has been answered.
 *
 * @param options of `openssl s_client`
 * @param steps what is typed, and what has to be seen before
 * @returns all that it has written
 */
export async function typed(
  site: SecureSite,
  options: readonly string[],
  steps: readonly (readonly [text: string, seen: RegExp])[],
): Promise<string> {
  const child = new Deno.Command("openssl", {
    args: [
      "s_client",
      "-connect",
      `127.0.0.1:${site.port}`,
      "-servername",
      NAME,
      "-CAfile",
      site.authority,
      ...options,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) said += text;
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr)]);
  const writer = child.stdin.getWriter();
  for (const [text, seen] of steps) {
    await until(() => seen.test(said), () => `${seen} in\n${said}`);
    await writer.write(new TextEncoder().encode(text)).catch(() => {});
  }
  await writer.close().catch(() => {});
  await ended;
  await child.status;
  return said;
}
