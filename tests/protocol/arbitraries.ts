/** Messages at random, for the tests of this folder. */
import fc from "../support/properties.ts";
import { type Hello, instanceOf } from "../../src/protocol/hello.ts";
import { SIZE_ADDRESS, SIZE_INSTANCE } from "../../src/protocol/messages.ts";
import type { Transfer } from "../../src/protocol/transfer.ts";

/** Objects as the decoders make them: with a prototype. */
const PLAIN = { noNullPrototype: true };

/** A number of 16 bits, with a weakness for the ends of its range. */
export const u16: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 255, 256, 65_535),
  fc.nat(65_535),
);

/** A number of 32 bits, with the same weakness. */
export const u32: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
  fc.nat(2 ** 32 - 1),
);

/** Text with characters of every length in UTF-8, a byte order mark in front among them. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).filter((value) => value.isWellFormed()),
  fc.constantFrom("", "\uFEFFa", "/", "example.com", "é€😀"),
);

/** Bytes, seldom many. */
export const bytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.uint8Array({ maxLength: 40 }).map((value) =>
  value.slice()
);

/** An address as the wire has it. */
export const address: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.tuple(
  fc.constantFrom(0, 4, 6),
  fc.uint8Array({ minLength: SIZE_ADDRESS - 1, maxLength: SIZE_ADDRESS - 1 }),
).map(([family, rest]) => Uint8Array.of(family, ...rest));

/** A HELLO. */
export const hello: fc.Arbitrary<Hello> = fc.record({
  workers: u16,
  window: u16.filter((window) => window > 0),
  process: u32,
  name: text,
  instance: fc.uint8Array({ minLength: SIZE_INSTANCE, maxLength: SIZE_INSTANCE }).map(instanceOf),
}, { ...PLAIN, requiredKeys: ["workers", "window", "process", "name"] });

const fixed = {
  id: u32,
  client: address,
  local: address,
  generation: u32,
  requests: u16,
  detail: fc.nat(255),
  keepAlive: fc.nat(255),
  preread: bytes,
};

/** A HANDOFF. */
export const handoff: fc.Arbitrary<Transfer> = fc.record(
  {
    ...fixed,
    site: text,
    route: text,
    path: text,
    except: bytes,
    map: text,
    peer: fc.option(
      fc.record({
        address,
        list: u16,
        trusted: fc.boolean(),
        https: fc.boolean(),
        saidHttps: fc.boolean(),
      }, PLAIN),
      { nil: undefined },
    ),
    tls: fc.option(fc.uint8Array({ minLength: 28, maxLength: 60 }).map((value) => value.slice()), {
      nil: undefined,
    }),
  },
  PLAIN,
).map(({ tls, peer, ...rest }) => ({
  ...rest,
  ...tls === undefined ? {} : { tls },
  ...peer === undefined ? {} : { peer },
}));

/** A RETURN, which has no texts. */
export const giveBack: fc.Arbitrary<Transfer> = fc.record({
  ...fixed,
  site: fc.constant(""),
  route: fc.constant(""),
  path: fc.constant(""),
  except: fc.constant(new Uint8Array(0)),
  map: fc.constant(""),
  handoff: u32,
  error: fc.option(
    fc.record({
      status: fc.integer({ min: 400, max: 599 }),
      fields: fc.array(
        fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,9}$/), fc.stringMatching(/^[ -~ÿ]{0,20}$/)),
        {
          maxLength: 4,
        },
      ),
    }, PLAIN),
    { nil: undefined },
  ),
}, PLAIN).map(({ error, ...rest }) => error === undefined ? rest : { ...rest, error });
