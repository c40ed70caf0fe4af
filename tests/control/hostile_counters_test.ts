/** Backends that give a front anything in place of a page of counters: the front goes on, and believes none of it. */

import assert from "node:assert/strict";
import {
  adopt,
  close,
  createMemoryFile,
  type Descriptor,
  expect,
  libc,
  pipe,
  settle,
  SharedPage,
  SOCK_STREAM,
  unixSocket,
} from "../../ffi/mod.ts";
import {
  COUNTERS_SERIES,
  encodeCountersHeader,
  encodeSeriesNames,
  encodeUpstreamName,
  encodeUsed,
  MAX_COUNTERS,
} from "../../src/protocol/counters_page.ts";
import { COUNTERS, VERSION } from "../../src/protocol/messages.ts";
import { ScriptedBackend } from "../front/scripted_backend.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { freePort } from "../support/ports.ts";
import { PATIENT, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { assertOpenMetrics } from "./open_metrics.ts";

const { fcntl, ftruncate, memfd_create } = libc;
const F_ADD_SEALS = 1033;
const F_SEAL_SHRINK = 2;
const F_SEAL_WRITE = 8;

const MESSAGE = Uint8Array.of(VERSION, COUNTERS, 0, 0);

/** A file in memory with seals. */
function memory(size: number, seals: number): Descriptor {
  const name = new TextEncoder().encode("hostile\0");
  const fd = adopt(expect(settle(memfd_create(name, 2)), "Cannot make a file in memory"));
  expect(settle(ftruncate(fd, BigInt(size))), "Cannot make it longer");
  expect(settle(fcntl(fd, F_ADD_SEALS, seals)), "Cannot seal it");
  return fd;
}

/** A page, made as it should be, with these bytes in it. */
function page(write: (page: SharedPage) => void): Descriptor {
  const page = SharedPage.create("hostile", MAX_COUNTERS);
  write(page);
  pages.push(page);
  return page.fd;
}
let pages: SharedPage[] = [];

function header(page: SharedPage, used: number): void {
  page.write(0, encodeCountersHeader("fetch", Date.now()));
  page.write(8, encodeUsed(used));
}

/** As many records as there is room for, all of other names. */
function crowded(names: (index: number) => Uint8Array<ArrayBuffer>): Descriptor {
  return page((page) => {
    const room = MAX_COUNTERS - COUNTERS_SERIES;
    header(page, room);
    let at = 0;
    for (let index = 0;; index++) {
      const bytes = names(index);
      const size = new DataView(bytes.buffer).getUint32(0, true);
      if (at + size > room) break;
      page.write(COUNTERS_SERIES + at, bytes);
      page.write(COUNTERS_SERIES + at + bytes.length, new Uint8Array(8).fill(0x40));
      at += size;
    }
  });
}

/** Bytes that look like chance, and are the same in each run. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = Math.imul(state, 1_103_515_245) + 12_345 >>> 0) >>> 16);
}

interface Hostile {
  readonly message?: Uint8Array<ArrayBuffer>;
  /** Sent as often as this. */
  readonly times?: number;
  readonly give: () => Descriptor[];
  /** Whether the front ends the channel over it. */
  readonly ends: boolean;
}

const HOSTILE: Readonly<Record<string, Hostile>> = {
  "no descriptor": { give: () => [], ends: true },
  "two descriptors": { give: () => [memory(4_096, F_SEAL_SHRINK), memory(4_096, F_SEAL_SHRINK)], ends: true },
  "a pipe": { give: () => pipe(), ends: true },
  "an end of a pipe": {
    give: () => {
      const [reader, writer] = pipe();
      close(writer);
      return [reader];
    },
    ends: true,
  },
  "a socket": { give: () => [unixSocket(SOCK_STREAM)], ends: true },
  "a file without seals": { give: () => [adopt(createMemoryFile("open"))], ends: true },
  "seals, but none against shrinking": { give: () => [memory(4_096, F_SEAL_WRITE)], ends: true },
  "bytes behind the message": {
    message: Uint8Array.of(...MESSAGE, 1, 2, 3),
    give: () => [memory(4_096, F_SEAL_SHRINK)],
    ends: true,
  },
  "a page twice": { times: 2, give: () => [memory(4_096, F_SEAL_SHRINK)], ends: true },
  "an empty page": { give: () => [memory(0, F_SEAL_SHRINK)], ends: false },
  "a page of one byte": { give: () => [memory(1, F_SEAL_SHRINK)], ends: false },
  "a page that ends within its header": {
    give: () => [memory(COUNTERS_SERIES - 1, F_SEAL_SHRINK)],
    ends: false,
  },
  "a page of a terabyte": { give: () => [memory(2 ** 40, F_SEAL_SHRINK)], ends: false },
  "noise": { give: () => [page((page) => page.write(0, noise(MAX_COUNTERS)))], ends: false },
  "noise behind a header": {
    give: () => [page((page) => {
      page.write(0, noise(MAX_COUNTERS));
      header(page, 0xffff_ffff);
    })],
    ends: false,
  },
  "routes without number": {
    give: () => [crowded((index) => encodeSeriesNames(`made-up-${index}`, "/"))],
    ends: false,
  },
  "upstreams without number": {
    give: () => [crowded((index) => encodeUpstreamName(`http://${index}`))],
    ends: false,
  },
  "names that are no text": {
    give: () => [crowded((index) => encodeUpstreamName(`"\n\\{}\u0000${index}`))],
    ends: false,
  },
};

Deno.test("COUNTERS: whatever comes in place of a page, the front serves, and its figures are in order", async () => {
  await withoutLeaks(async () => {
    using directory = new TemporaryDirectory();
    const admin = freePort();
    const names = Object.keys(HOSTILE);
    const backends = names.map((name, index) =>
      new ScriptedBackend(directory.join(`${index}.sock`), name, 8, 1_000 + index)
    );
    await using front = await startFront({
      ...PATIENT,
      queueTimeout: 0,
      listen: "127.0.0.1:0",
      admin: `127.0.0.1:${admin}`,
      sites: [{
        routes: [
          ...names.map((_, index) => ({ path: `/${index}/`, to: `fd://${directory.join(`${index}.sock`)}` })),
        ],
      }],
    });
    try {
      for (const [index, backend] of backends.entries()) {
        const { message = MESSAGE, times = 1, give, ends } = HOSTILE[names[index]!]!;
        await until(() => {
          backend.work();
          return backend.channels.length > 0 && backend.channel.hear() !== undefined;
        }, () => `HELLO at ${backend.name}`);
        backend.manner = "asleep";
        const given = give();
        for (let time = 0; time < times; time++) assert.ok(backend.channel.say(message, ...given) > 0);
        for (const fd of given) if (!pages.some((page) => page.fd === fd)) close(fd);
        const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`, {
          headers: { accept: "application/openmetrics-text; version=1.0.0" },
        })).text();
        assertOpenMetrics(text);
        let ended = false;
        await until(() => {
          for (
            let message = backend.channel.hear();
            message !== undefined;
            message = backend.channel.hear()
          ) {
            if (message === "end") return ended = true;
            for (const fd of message.descriptors) close(fd);
          }
          return !ends;
        }, () => `the end of the channel over ${backend.name}`);
        assert.equal(ended, ends, backend.name);
      }
      // Of each backend 64 upstreams count apart, and the rest together; names that are none are among the rest.
      const [many, none] = [
        names.indexOf("upstreams without number"),
        names.indexOf("names that are no text"),
      ];
      const text = await until(async () => {
        const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
        const count = (backend: number) =>
          text.split(`\nfdpass_upstream_requests_total{backend="${backend}",`).length - 1;
        return count(many) === 65 && count(none) === 1 ? text : undefined;
      }, "the figures of the last pages");
      assert.doesNotMatch(text, /made-up/);
      for (const path of ["/", "/status.json", "/ready"]) {
        await (await fetch(`http://127.0.0.1:${admin}${path}`)).body?.cancel();
      }
      assert.equal((await get(front.port, "/nowhere")).status, 404);
      await front.stopCleanly();
    } finally {
      for (const backend of backends) backend.close();
      for (const page of pages) page.close();
      pages = [];
    }
  });
});
