/** Lines of the access log for what a backend refuses: what could not be read has nothing of the request before it. */

import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { SCOPE_HOST } from "../../../src/protocol/messages.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { TemporaryDirectory } from "../../support/processes.ts";
import { echo, Rig, withRig } from "../rig.ts";

/** What of a line is looked at. */
interface Line {
  readonly duration_us: number;
  readonly received: number;
  readonly [key: string]: string | number | null;
}

/** Sent behind a request that is answered, on its connection; what its line says of it: what its own first line does. */
const REFUSED: readonly (readonly [what: string, text: string, status: number, target: string | null])[] = [
  ["a malformed line", "\x16\x03\x01 x\r\n\r\n", 400, "x"],
  ["a malformed field", "GET /b HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400, "/b"],
  ["no host", "GET /b HTTP/1.1\r\n\r\n", 400, "/b"],
  ["a head that is too long", `GET /b HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "/b"],
  ["a line that is too long", `GET /${"b".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, null],
  ["a version", "GET /b HTTP/3.0\r\nHost: a\r\n\r\n", 505, "/b"],
  ["a coding", "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n", 501, "/b"],
  ["the end in its head", "GET /b HTTP/1.1\r\nHo", 400, "/b"],
  ["malformed content", "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n?\r\n", 400, "/b"],
  ["another host", "GET /b HTTP/1.1\r\nHost: elsewhere\r\n\r\n", 421, "/b"],
];

/** What comes of a text behind a request that is answered: the two lines. */
async function linesOf(text: string, status: number): Promise<Line[]> {
  using directory = new TemporaryDirectory();
  const to = directory.join("log");
  const server = new HttpServer({ handle: echo }, {
    limits: { ...DEFAULT_LIMITS, head: 16_384, requestLine: 8_192 },
    onError: () => {},
  });
  const accessLogs = { logs: [{ to, format: "json" }], otherwise: [0], sites: [] };
  await withRig(() => new Rig(server, { accessLogs, stallTimeout: 1_000 }), async (rig) => {
    const front = await rig.front();
    const client = front.give(
      "GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Basic Zjpz\r\nReferer: r\r\n\r\n",
      { detail: SCOPE_HOST },
    );
    await rig.until(() => client.received.endsWith("[]"), "the first response");
    // What is counted from the request before would be too long by this.
    rig.clock.now += 5_000;
    if (status === 421) {
      // Nobody can have it back.
      front.channel.close();
      await rig.until(() => rig.lost.length > 0, "the end of the channel");
    }
    client.send(text);
    if (status === 408) await rig.advance(1_001);
    else client.end();
    await rig.rest(client);
    rig.backend.log!.logs.flush();
  });
  return Deno.readTextFileSync(to).trimEnd().split("\n").map((line) => JSON.parse(line));
}

for (
  const [what, text, status, target] of [...REFUSED, ["a stop", "GET /b HTTP/1.1\r\nHo", 408, "/b"]] as const
) {
  Deno.test(`the line of what is refused has nothing of the request before it: ${what}`, async () => {
    const [before, line, ...more] = await linesOf(text, status);
    assert.ok(before !== undefined && line !== undefined);
    assert.deepEqual(more, []);
    assert.deepEqual([before.target, before.status, before.user, before.referer], ["/a", 200, "f", "r"]);
    assert.equal(line.id, String(before.id).replace(/\.1$/, ".2"));
    assert.deepEqual([line.status, line.target, line.request], [status, target, 2]);
    assert.deepEqual([line.user, line.referer, line.handover_us, line.waited_us], [null, null, 0, 0]);
    assert.equal(line.method === null, target === null);
    assert.equal(line.client_port, before.client_port);
    assert.ok(line.duration_us < 4_000_000, `${line.duration_us} µs`);
    assert.ok(line.received <= text.length && line.received > 0, `${line.received} bytes`);
    assert.ok(Date.parse(String(line.time)) >= Date.parse(String(before.time)));
  });
}
