/** A process that may not start the thread: content goes as it is, and that is told once. */

import { Compressor } from "../../../src/backend/compression/compressor.ts";
import { compressionOf } from "../../../src/config/compression.ts";

const told: string[] = [];
const compressor = new Compressor(compressionOf({}), (why) => told.push(why));
const choose = () =>
  compressor.choose({ field: () => "gzip" }, 200, [["Content-Type", "text/html"]], 100_000)!.filter;
const filter = choose()!;
const coded = await compressor.whole(new Uint8Array(100_000), filter);
const small = await compressor.whole(new Uint8Array(1_000), filter);
compressor.close();
// deno-lint-ignore no-console -- that is what it is for
console.log(
  JSON.stringify({
    coded: coded === undefined,
    small: small!.length < 100,
    after: choose() === undefined,
    told,
  }),
);
