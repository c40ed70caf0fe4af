/** The format `json`: an object a line, with the same keys always. */

import { jsonString } from "./escape.ts";
import { fieldValue } from "./header_fields.ts";
import type { LogRecord } from "./record.ts";

type Value = (record: LogRecord) => string;

/** A text; `null` where there is none. */
function text(value: string): string {
  return value === "" ? "null" : jsonString(value);
}

function header(name: string): Value {
  return ({ head }) => text(fieldValue(head, name) ?? "");
}

/** The keys in their order, and what each has. */
export const JSON_FIELDS: Readonly<Record<string, Value>> = {
  time: ({ begun }) => `"${new Date(begun).toISOString()}"`,
  id: ({ identity }) => text(identity.requestId),
  trace: ({ identity }) => text(identity.traceId),
  client: ({ client }) => text(client),
  client_port: ({ clientPort }) => String(clientPort),
  local_port: ({ localPort }) => String(localPort),
  user: ({ user }) => text(user),
  site: ({ site }) => text(site),
  route: ({ route }) => text(route),
  host: ({ authority }) => text(authority),
  method: ({ method }) => text(method),
  target: ({ target }) => text(target),
  protocol: ({ method, minor }) => method === "" ? "null" : `"HTTP/1.${minor}"`,
  status: ({ status }) => status === 0 ? "null" : String(status),
  bytes: ({ content }) => String(content),
  received: ({ received }) => String(received),
  sent: ({ sent }) => String(sent),
  duration_us: ({ duration }) => String(duration),
  waited_us: ({ waited }) => String(waited),
  handover_us: ({ handover }) => String(handover),
  backend: ({ writer }) => jsonString(writer.name),
  kind: ({ writer }) => `"${writer.kind}"`,
  process: ({ writer }) => String(writer.process),
  request: ({ number }) => String(number),
  connection: ({ fate }) => FATES[fate],
  flags: ({ flags }) => text(flags),
  why: ({ why }) => text(why),
  referer: header("referer"),
  user_agent: header("user-agent"),
};

const FATES = { "X": '"aborted"', "+": '"kept"', "-": '"closed"' } as const;

const KEYS = Object.keys(JSON_FIELDS);
const VALUES = Object.values(JSON_FIELDS);

/** Writes a record as JSON. */
export function jsonLine(record: LogRecord): string {
  let line = "{";
  for (let index = 0; index < KEYS.length; index++) {
    line += `${index === 0 ? "" : ","}"${KEYS[index]}":${VALUES[index]!(record)}`;
  }
  return line + "}\n";
}
