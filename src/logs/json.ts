/** The format `json`: an object a line, with the same keys always. */

import { jsonString } from "./escape.ts";
import { fieldValue } from "./header_fields.ts";
import { fresh, type Part, steady } from "./line.ts";
import { byUnit } from "./time.ts";

/** A text; `null` where there is none. */
function text(value: string): string {
  return value === "" ? "null" : jsonString(value);
}

function header(name: string): Part {
  return steady(({ head }) => text(fieldValue(head, name) ?? ""));
}

/** Most lines are of the same millisecond as the one before. */
const begun = byUnit(1, (time) => `"${new Date(time).toISOString()}"`);

const FATES = { "X": '"aborted"', "+": '"kept"', "-": '"closed"' } as const;

/** The keys in their order, and what each has. */
export const JSON_FIELDS: Readonly<Record<string, Part>> = {
  time: fresh((record) => begun(record.begun)),
  id: fresh(({ identity }) => text(identity.requestId)),
  trace: fresh(({ identity }) => text(identity.traceId)),
  client: steady(({ client }) => text(client)),
  client_port: steady(({ clientPort }) => clientPort),
  local_port: steady(({ localPort }) => localPort),
  user: fresh(({ user }) => text(user)),
  site: steady(({ site }) => text(site)),
  route: steady(({ route }) => text(route)),
  host: steady(({ authority }) => text(authority)),
  method: steady(({ method }) => text(method)),
  target: steady(({ target }) => text(target)),
  protocol: steady(({ method, minor, protocol }) =>
    method === "" ? "null" : jsonString(protocol || `HTTP/1.${minor}`)
  ),
  status: fresh(({ status }) => status === 0 ? "null" : status),
  bytes: fresh(({ content }) => content),
  received: fresh(({ received }) => received),
  sent: fresh(({ sent }) => sent),
  duration_us: fresh(({ duration }) => duration),
  waited_us: fresh(({ waited }) => waited),
  handover_us: fresh(({ handover }) => handover),
  backend: steady(({ writer }) => jsonString(writer.name)),
  kind: steady(({ writer }) => `"${writer.kind}"`),
  process: steady(({ writer }) => writer.process),
  request: fresh(({ number }) => number),
  connection: fresh(({ fate }) => FATES[fate]),
  flags: fresh(({ flags }) => text(flags)),
  why: fresh(({ why }) => text(why)),
  referer: header("referer"),
  user_agent: header("user-agent"),
};

/** The object: each key with its value. */
export const JSON_PARTS: readonly (string | Part)[] = [
  ...Object.entries(JSON_FIELDS).flatMap((
    [key, part],
    index,
  ) => [`${index === 0 ? "{" : ","}"${key}":`, part]),
  "}",
];
