/** Where `serve` and its options differ from `Deno.serve`: the first cells of their rows in docs/library.md, in order. */
export const SERVER_DIFFERENCES: readonly string[] = [
  "`addr`, and the address that `onListen` gets",
  "`ref()` and `unref()`",
  "What `automaticCompression` compresses",
  "`shutdown()` and connections on which nothing happens",
  "A `signal` that is aborted before",
  "An address that is in use",
];
