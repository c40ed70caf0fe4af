/** The handler of all cases: run by `Deno.serve` in one process, and by a fetch backend in another. */

import { CASES } from "./cases.ts";
import { type CommonInfo, FIELD, NEXT, SEEN } from "./case.ts";

const cases = new Map(CASES.map((each) => [each.name, each]));
const seen = new Map<string, Record<string, unknown>>();

function fetch(request: Request, info: CommonInfo): Response | Promise<Response> {
  const name = request.headers.get(FIELD) ?? "";
  if (name === NEXT) return new Response("next");
  if (name === SEEN) {
    return Response.json(seen.get(decodeURIComponent(new URL(request.url).search.slice(1))) ?? {});
  }
  const notes: Record<string, unknown> = {};
  seen.set(name, notes);
  return cases.get(name)!.handler(request, info, (what, value) => notes[what] = value);
}

export default { fetch };

// A stream that fails is an error that nobody handles in neither; both tell people of it.
if (import.meta.main) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, fetch);
  // deno-lint-ignore no-console -- this is how the test learns it
  console.log(server.addr.port);
}
