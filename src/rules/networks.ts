/** Addresses and networks: which clients a rule is about. */

/** An address as 16 bytes: one of IPv4 as IPv6 maps it (RFC 4291, 2.5.5.2). */
export type Address = Uint8Array;

/** A network: the first bits of the addresses in it. */
export interface Network {
  readonly bytes: Address;
  /** 0 to 128. */
  readonly bits: number;
}

const MAPPED = 96;

/** Reads an address: `192.0.2.1`, `2001:db8::1`, without brackets. */
export function readAddress(text: string): Address | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte < 256) ? mapped(bytes) : undefined;
  }
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(":")) return undefined;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const tail = readAddress(dotted[2]!);
    if (tail === undefined) return undefined;
    const group = (at: number) => (tail[at]! << 8 | tail[at + 1]!).toString(16);
    return readAddress(`${dotted[1]}${group(12)}:${group(14)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const count = groups.flat().length;
  if (groups.flat().some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  if (halves.length === 2 ? count > 7 : count !== 8) return undefined;
  const all = [...groups[0]!, ...Array.from({ length: 8 - count }, () => "0"), ...groups[1] ?? []];
  return Uint8Array.from(all.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  }));
}

function mapped(bytes: readonly number[]): Address {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes);
}

/** Reads a network as httpd does: an address, the first numbers of one, with a number of bits or a mask behind a slash. */
export function readNetwork(text: string): Network | undefined {
  const [, address = "", mask] = /^([^/]*)(?:\/(.*))?$/.exec(text)!;
  const short = /^\d{1,3}(\.\d{1,3}){0,2}\.?$/.test(address)
    ? address.replace(/\.$/, "").split(".")
    : undefined;
  if (short !== undefined && mask === undefined) {
    const bytes = readAddress([...short, "0", "0", "0"].slice(0, 4).join("."));
    return bytes && { bytes, bits: MAPPED + 8 * short.length };
  }
  const bytes = readAddress(short === undefined ? address : [...short, "0", "0", "0"].slice(0, 4).join("."));
  if (bytes === undefined) return undefined;
  const isShort = !address.includes(":");
  if (mask === undefined) return { bytes, bits: 128 };
  const most = isShort ? 32 : 128;
  let bits = /^\d{1,3}$/.test(mask) ? Number(mask) : NaN;
  const dotted = isShort && mask.includes(".") ? readAddress(mask) : undefined;
  if (dotted !== undefined) {
    const ones = Array.from(dotted.subarray(12), (byte) => byte.toString(2).padStart(8, "0")).join("");
    if (/^1*0*$/.test(ones)) bits = ones.replace(/0/g, "").length;
  }
  return bits <= most ? { bytes, bits: bits + 128 - most } : undefined;
}

/** Whether an address is in a network. */
export function isIn(address: Address, { bytes, bits }: Network): boolean {
  const whole = bits >> 3;
  for (let at = 0; at < whole; at++) if (address[at] !== bytes[at]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || address[whole]! >> rest === bytes[whole]! >> rest;
}

const LOOPBACK: readonly Network[] = ["127.0.0.0/8", "::1"].map((text) => readNetwork(text)!);

/** Whether the client is this host: on a loopback address, or both ends have the same one. */
export function isLocal(client: Address, local: Address): boolean {
  return LOOPBACK.some((network) => isIn(client, network)) || client.every((byte, at) => byte === local[at]);
}

/** An address for people and fields. */
export function formatAddress(address: Address): string {
  if (isIn(address, { bytes: mapped([0, 0, 0, 0]), bits: MAPPED })) return address.subarray(12).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => (address[2 * at]! << 8 | address[2 * at + 1]!).toString(16),
  );
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
  }
  // RFC 5952: the longest run of zeros, two at least, is left out.
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}
