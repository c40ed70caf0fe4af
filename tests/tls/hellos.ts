/** First messages of TLS clients, made to order. */

/** What a ClientHello is to say. */
export interface Wanted {
  readonly serverName?: string;
  readonly protocols?: readonly string[];
  /** Extensions besides, by type. */
  readonly others?: readonly (readonly [type: number, value: Uint8Array])[];
}

const encoder = new TextEncoder();

function u16(value: number): number[] {
  return [value >> 8, value & 255];
}

function extension(type: number, value: readonly number[]): number[] {
  return [...u16(type), ...u16(value.length), ...value];
}

/** A ClientHello as a handshake message, without any record around it. */
export function helloMessage({ serverName, protocols, others = [] }: Wanted): Uint8Array<ArrayBuffer> {
  const extensions: number[] = [];
  for (const [type, value] of others) extensions.push(...extension(type, [...value]));
  if (serverName !== undefined) {
    const name = [...encoder.encode(serverName)];
    const entry = [0, ...u16(name.length), ...name];
    extensions.push(...extension(0, [...u16(entry.length), ...entry]));
  }
  if (protocols !== undefined) {
    const list = protocols.flatMap((name) => [name.length, ...encoder.encode(name)]);
    extensions.push(...extension(16, [...u16(list.length), ...list]));
  }
  const body = [
    3,
    3,
    ...new Uint8Array(32).fill(7),
    0,
    ...u16(2),
    0x13,
    0x01,
    1,
    0,
    ...u16(extensions.length),
    ...extensions,
  ];
  return new Uint8Array([1, body.length >> 16, ...u16(body.length & 0xffff), ...body]);
}

/** A message in records of these sizes; what is left over comes in a last one. */
export function inRecords(message: Uint8Array, sizes: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  let at = 0;
  for (let turn = 0; at < message.length; turn++) {
    const size = Math.min(sizes[turn] ?? message.length, message.length - at, 16_384);
    out.push(22, 3, 1, ...u16(size), ...message.subarray(at, at + size));
    at += size;
  }
  return new Uint8Array(out);
}
