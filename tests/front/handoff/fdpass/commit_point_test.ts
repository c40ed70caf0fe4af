import assert from "node:assert/strict";
import { EPIPE } from "../../../../ffi/mod.ts";
import { withoutLeaks } from "../../../support/descriptors.ts";
import { request } from "../../clients.ts";
import { Rig } from "../../rig.ts";

const HANDOFFS = 128;
const ROUNDS = 25;

Deno.test("a front that gives a channel up, while the backend acknowledges on it, counts exactly the ACKs that left", () =>
  withoutLeaks(async () => {
    const worker = new Worker(new URL("../../fixtures/acknowledging_worker.ts", import.meta.url), {
      type: "module",
    });
    const arrived: unknown[] = [];
    let wake = () => {};
    worker.onmessage = ({ data }) => {
      arrived.push(data);
      wake();
    };
    const next = async () => {
      while (arrived.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return arrived.shift();
    };
    assert.equal(await next(), "ready");
    let between = 0;
    for (let round = 0; round < ROUNDS || between === 0 && round < 8 * ROUNDS; round++) {
      const rig = new Rig({ limits: { queueTimeout: 1_000_000 } });
      try {
        const a = rig.start("a", 256);
        rig.until(() => rig.reported("backend-found").length === 1, "the backend");
        for (let i = 0; i < HANDOFFS; i++) rig.client(request());
        rig.until(
          () => rig.connections.filter(({ state }) => state === "handed").length === HANDOFFS,
          "hand-offs",
        );
        a.stopListening();
        const begin = new Int32Array(new SharedArrayBuffer(4));
        worker.postMessage({ fd: a.channel.fd, count: HANDOFFS, begin });
        assert.equal(await next(), "read");
        // The other thread is at it: the end falls anywhere between two of its sends.
        Atomics.store(begin, 0, 1);
        for (const end = performance.now() + round % 10 * 0.02; performance.now() < end;);
        rig.advance(2_001);
        const { acknowledged, result } = await next() as { acknowledged: number; result: number };
        rig.settle();
        assert.equal(rig.counters.read().handedOver, acknowledged);
        assert.equal(
          rig.connections.filter(({ state }) => state === "waiting").length,
          HANDOFFS - acknowledged,
        );
        if (acknowledged < HANDOFFS) {
          between++;
          assert.equal(result, -EPIPE);
        }
        rig.close();
      } catch (error) {
        rig.abandon();
        throw error;
      }
    }
    worker.terminate();
    assert.ok(between > 0, "the end came never in between");
  }, { workers: true }));
