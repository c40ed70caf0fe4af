import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  addressOf,
  libc,
  monotonicMicroseconds,
  MSG_CMSG_CLOEXEC,
  RightsReceiver,
  settle,
  SOCK_SEQPACKET,
  unixSocketPair,
} from "../../ffi/mod.ts";
import { ascii } from "../../src/http/byte_classes.ts";
import { HandoffMessage } from "../../src/front/handoff/fdpass/handoff_message.ts";
import type { Connection } from "../../src/front/connection/connection.ts";
import type { FrontRoute } from "../../src/front/route/front_route.ts";
import { FIELD_TLS, HANDOFF, MAX_MESSAGE, MAX_PREREAD, SIZE_FIELD } from "../../src/protocol/messages.ts";
import { writeFieldHead } from "../../src/protocol/fields.ts";
import type { HandoffTimes } from "../../src/protocol/times_field.ts";
import {
  decodeTransfer,
  encodeRouteFields,
  encodeTransfer,
  type Transfer,
} from "../../src/protocol/transfer.ts";
import { PathNormalizer } from "../../src/route/path.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { handoff } from "./arbitraries.ts";

/** A connection that came at 1,000 ms of the loop's time, waited from 1,010 on, and goes at 1,020. */
const TIMES = { arrivedAt: 1_000, wholeAt: 1_001, waitsSince: 1_010, attempts: 2 };

/** A channel: what HandoffMessage sends at one end comes out at the other. */
class Pair implements Disposable {
  readonly #held = new Held();
  readonly #ends = this.#held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
  readonly #bytes = new Uint8Array(MAX_MESSAGE + 1);
  readonly #receiver = new RightsReceiver(this.#bytes);
  readonly #message = new HandoffMessage(() => 1_000, 3);

  /** Hands a socket over; the bytes that arrive with it. @param cut bytes of the path that the route's prefix takes */
  pass(transfer: Transfer, path: string, cut: number, base = ""): Uint8Array<ArrayBuffer> {
    const [front, backend] = this.#ends;
    const {
      id,
      generation,
      client,
      local,
      requests,
      preread,
      site,
      route,
      detail,
      keepAlive,
      except,
      map,
      peer,
    } = transfer;
    const fields = encodeRouteFields(site, route, except, map);
    const value = transfer.tls ?? new Uint8Array(0);
    const tls = new Uint8Array(value.length === 0 ? 0 : SIZE_FIELD + value.length);
    if (value.length > 0) tls.set(value, writeFieldHead(tls, 0, FIELD_TLS, value.length));
    const normalizer = new PathNormalizer();
    const target = ascii(`GET ${path}?a=b`);
    assert.ok(normalizer.normalize(target, 4, 4 + path.length));
    const length = this.#message.send(
      front,
      id,
      generation,
      {
        fd: front,
        addresses: Uint8Array.of(9, ...client, ...local, ...peer?.address ?? new Uint8Array(20)),
        at: 1,
        peerAt: 41,
        hasPeer: peer !== undefined,
        trustList: peer?.list ?? 0,
        peerFlags: (peer?.trusted ? 1 : 0) | (peer?.https ? 2 : 0) | (peer?.saidHttps ? 4 : 0),
        requests,
        preread,
        tls,
        ...TIMES,
      } as unknown as Connection,
      {
        fields,
        fieldsAddress: addressOf(fields),
        scope: detail,
        keepAlive,
        cut,
        base: ascii(base),
      } as FrontRoute,
      normalizer,
      1_020,
    );
    this.#receiver.prepare();
    const received = settle(libc.recvmsg(backend, this.#receiver.header.bytes, MSG_CMSG_CLOEXEC));
    this.#receiver.collect();
    assert.equal(this.#receiver.count, 1);
    this.#receiver.discard();
    assert.equal(received, length);
    return this.#bytes.slice(0, received);
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }
}

/** The times in a message; when the connection came depends on the clock that all processes share. */
function timesIn(message: Uint8Array<ArrayBuffer>): HandoffTimes {
  const transfer = decodeTransfer(message, message.length);
  assert.ok(typeof transfer !== "string" && transfer.times !== undefined, String(transfer));
  const { arrived, headWhole, ...others } = transfer.times;
  assert.deepEqual([headWhole - arrived, others], [1_000, { waited: 10_000, attempts: 2, worker: 3 }]);
  assert.ok(Math.abs(Number(monotonicMicroseconds()) - arrived) < 600_000_000);
  return transfer.times;
}

Deno.test("HandoffMessage sends, in parts, what encodeTransfer() encodes whole", () =>
  withoutLeaks(() => {
    using pair = new Pair();
    fc.assert(fc.property(handoff, (transfer) => {
      const sent = pair.pass(transfer, "/a//b/./c", 2);
      const expected = encodeTransfer(HANDOFF, { ...transfer, path: "/b/c", times: timesIn(sent) });
      assert.deepEqual(sent, expected);
    }));
  }));

Deno.test("HandoffMessage leaves nothing of one hand-off in the next", () =>
  withoutLeaks(() => {
    using pair = new Pair();
    const address = new Uint8Array(20);
    const large: Transfer = {
      id: 2 ** 32 - 1,
      client: address.slice().fill(4),
      local: address.slice().fill(6),
      generation: 2 ** 32 - 1,
      requests: 65_535,
      detail: 255,
      keepAlive: 1,
      except: new Uint8Array(0),
      map: "",
      site: "s".repeat(1024),
      route: "r".repeat(1024),
      path: "/" + "p".repeat(65_000),
      preread: new Uint8Array(MAX_PREREAD).fill(0x50),
    };
    const small: Transfer = {
      id: 0,
      client: address,
      local: address,
      generation: 0,
      requests: 0,
      detail: 0,
      keepAlive: 1,
      except: new Uint8Array(0),
      map: "",
      site: "",
      route: "",
      path: "/",
      preread: new Uint8Array(0),
    };
    for (const transfer of [large, small, large, small]) {
      const sent = pair.pass(transfer, transfer.path, 0);
      const expected = encodeTransfer(HANDOFF, { ...transfer, times: timesIn(sent) });
      assert.equal(sent.length, expected.length);
      // Not deepEqual, which would show a hundred thousand bytes.
      assert.equal(sent.findIndex((byte, index) => byte !== expected[index]), -1);
    }
  }));

Deno.test("HandoffMessage names the path below the prefix or another base, at least its root", () =>
  withoutLeaks(() => {
    using pair = new Pair();
    const cases = [
      ["/", 0, "", "/"],
      ["/a", 0, "", "/a"],
      ["/a", 2, "", "/"],
      ["/a/", 2, "", "/"],
      ["/a/b", 2, "", "/b"],
      ["/a/b", 2, "/base", "/base/b"],
      ["/a/b", 3, "/x", "/xb"],
      ["/a", 2, "/base/", "/base/"],
    ] as const;
    for (const [path, cut, base, below] of cases) {
      const address = new Uint8Array(20);
      const transfer: Transfer = {
        id: 1,
        client: address,
        local: address,
        generation: 1,
        requests: 0,
        detail: 0,
        keepAlive: 0,
        except: new Uint8Array(0),
        map: "",
        site: "",
        route: path.slice(0, cut),
        path: below,
        preread: new Uint8Array(0),
      };
      const sent = pair.pass(transfer, path, cut, base);
      assert.deepEqual(sent, encodeTransfer(HANDOFF, { ...transfer, times: timesIn(sent) }), path);
    }
  }));
