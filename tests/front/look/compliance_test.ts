import assert from "node:assert/strict";
import { IPPROTO_TCP, setOption, TCP_NODELAY } from "../../../ffi/mod.ts";
import { HTTP_1_1_REQUIRED } from "../../../src/http/http2.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { normalizePath } from "../../../src/route/path.ts";
import { type Case, latin1, LIMITS, show } from "../../http/compliance/case.ts";
import { CASES, ofFirstHead } from "../../http/compliance/table.ts";
import { type Client, drink } from "../clients.ts";
import { type Rig, test } from "../rig.ts";
import type { ScriptedBackend } from "../scripted_backend.ts";

/** So many connections at once. */
const BATCH = 60;

/** What the front makes of a case: only its first head is for the front. */
function expected(of: Case): "head" | "more" | number {
  const verdict = ofFirstHead(of);
  if (verdict !== "head") return verdict;
  // Where a path leads is asked when the head is known to be in order.
  const [, text] = of;
  const head = new RequestHead(LIMITS);
  const bytes = latin1(text);
  assert.equal(head.parse(bytes, 0, bytes.length), "head");
  return normalizePath(text.slice(head.pathStart, head.pathEnd)) === undefined ? 400 : "head";
}

/** What has become of a client: handed over with all its bytes, still being read, or refused. */
function found(client: Client, handed: ReadonlyMap<number, string>, of: Case): "head" | "more" | number {
  const bytes = handed.get(client.port);
  if (bytes !== undefined) {
    assert.ok(of[1].startsWith(bytes), `${show(of)}: other bytes than the client's were handed over`);
    return "head";
  }
  const { received } = client;
  // A client that speaks TLS would not understand an answer.
  if (received === "" && of[1].startsWith("\x16") && client.ended !== false) return 400;
  // In the language of the client.
  if (received === String.fromCharCode(...HTTP_1_1_REQUIRED)) return 505;
  return received === "" ? "more" : Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1]);
}

/** Acknowledges what was handed over, and notes what of it the sockets have. */
function receive(backend: ScriptedBackend, handed: Map<number, string>): void {
  const fresh = backend.read();
  for (const held of fresh) handed.set(held.port, drink(held.fd).text);
  if (fresh.length > 0) backend.acknowledge(fresh);
}

function play(rig: Rig, backend: ScriptedBackend, cases: readonly Case[], cut: (text: string) => string[]) {
  const handed = new Map<number, string>();
  const runs = cases.map((of) => {
    const client = rig.client();
    setOption(client.fd, IPPROTO_TCP, TCP_NODELAY, true);
    return { of, client, pieces: cut(of[1]) };
  });
  while (runs.some(({ pieces }) => pieces.length > 0)) {
    for (const { client, pieces } of runs) {
      const piece = pieces.shift();
      if (piece !== undefined && client.ended === false) client.send(latin1(piece));
    }
    rig.settle();
    receive(backend, handed);
  }
  for (const { of, client } of runs) {
    // The client's kernel keeps some of very many pieces back until the first are acknowledged, which takes its time where
    // nobody takes them from the socket.
    rig.until(() => {
      receive(backend, handed);
      return found(client, handed, of) !== "more" || expected(of) === "more";
    }, show(of));
    assert.equal(found(client, handed, of), expected(of), show(of));
  }
  for (const { client } of runs) client.close();
}

for (
  const [how, cut] of [
    ["whole", (text: string) => [text]],
    ["in two halves", (text: string) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)]],
    ["byte by byte", (text: string) => [...text]],
  ] as const
) {
  test(
    `the front refuses the heads that a backend would, and hands over the others: ${how}`,
    { limits: LIMITS },
    (rig) => {
      const backend = rig.start("a");
      rig.until(() => rig.reported("backend-found").length === 1, "the backend");
      for (let first = 0; first < CASES.length; first += BATCH) {
        play(rig, backend, CASES.slice(first, first + BATCH), cut);
      }
    },
  );
}
