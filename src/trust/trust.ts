/** Whose words count about who asks: servers in front that are trusted, and what they say. */

import { ADDRESS_PORT, SIZE_ADDRESS } from "../protocol/messages.ts";
import { type Address, isIn, type Network, readNetwork } from "../rules/networks.ts";
import { mapAddress, readNode, writeAddress } from "./addresses.ts";
import { membersOf, type Node, readForwarded } from "./lists.ts";

/** Who is trusted, as configured. Plain data: backends are told of it as JSON. */
export interface Trust {
  /** Networks, as `readNetwork` of src/rules/networks.ts reads them, and `unix` for whoever has no address. */
  readonly proxies: readonly string[];
  /** The same of servers that are believed where they name addresses of the Internet, and not where they name private ones. */
  readonly publicProxies?: readonly string[];
  /**
   * The field in which they say who asks, in lower case. Unless given `x-forwarded-for`, or `forwarded` in requests without
   * any X-Forwarded-For and X-Forwarded-Proto.
   */
  readonly header?: string;
}

/** What is asked of those who stand in front, ahead of each connection: a header of the PROXY protocol. */
export interface ProxyProtocol {
  /** Networks whose connections begin with their first request, and have no header. */
  readonly except?: readonly string[];
}

/** Stands for those whose address is not known, in a list of networks. */
export const UNIX = "unix";

/** The value of a field of a request, several as one list; undefined where there is none. @param name in lower case */
export type FieldValue = (name: string) => string | undefined;

/** What those in front say of one request. */
export interface Said {
  /** The client's address, as hand-offs carry it. */
  readonly client: Uint8Array<ArrayBuffer>;
  /** Whether the client asks by https; undefined where nothing is said. */
  readonly https: boolean | undefined;
}

const FOR = "x-forwarded-for";
const PROTO = "x-forwarded-proto";
const FORWARDED = "forwarded";
const PREFIX = "x-forwarded-";
const REAL_IP = "x-real-ip";

const PRIVATE: readonly Network[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "127.0.0.0/8",
].map((text) => readNetwork(text)!);
const INTERNET: readonly Network[] = ["2000::/3", "::ffff:0:0/96"].map((text) => readNetwork(text)!);

/** A list of whom to trust, ready to be asked. */
export class TrustedProxies {
  readonly #networks: readonly Network[];
  readonly #publicNetworks: readonly Network[];
  readonly #unix: boolean;
  readonly #header: string | undefined;
  readonly #address: Address = new Uint8Array(16);

  constructor({ proxies, publicProxies = [], header }: Trust) {
    this.#networks = networksOf(proxies);
    this.#publicNetworks = networksOf(publicProxies);
    this.#unix = proxies.includes(UNIX);
    this.#header = header;
  }

  /** Whether one is trusted. @param addresses where its address is, from `at` on, as hand-offs carry it */
  trusts(addresses: Uint8Array, at: number): boolean {
    if (!mapAddress(this.#address, addresses, at)) return this.#unix;
    return this.#within(this.#networks, this.#address) || this.#within(this.#publicNetworks, this.#address);
  }

  #within(networks: readonly Network[], address: Address): boolean {
    for (const network of networks) if (isIn(address, network)) return true;
    return false;
  }

  /**
   * Whether a field is about who asks, and for what: then it counts for nothing from one that is not trusted. So does what
   * programs take for it, which know no difference between `_` and `-`.
   *
   * @param name in any case
   */
  isAboutClient(name: string): boolean {
    const lower = name.toLowerCase().replaceAll("_", "-");
    return lower.startsWith(PREFIX) || lower === FORWARDED || lower === REAL_IP || lower === this.#header;
  }

  /**
   * Finds out who asks: the last one in the list of those whom the request has come through, from us to the client, whom
   * nobody trusted has named. What stands before that is the client's own word.
   *
   * @param peer who has connected, and is trusted; as hand-offs carry addresses
   */
  said(peer: Uint8Array, field: FieldValue): Said {
    const isForwarded = this.#header === FORWARDED ||
      this.#header === undefined && field(FOR) === undefined && field(PROTO) === undefined;
    const nodes = isForwarded
      ? readForwarded(field(FORWARDED) ?? "")
      : membersOf(field(this.#header ?? FOR) ?? "").map((by): Node => ({ by, proto: "" }));
    const client = peer.slice(0, SIZE_ADDRESS);
    const steps = this.#walk(client, nodes);
    const proto = isForwarded ? nodes.at(-Math.max(1, steps))?.proto ?? "" : protoOf(field(PROTO), steps);
    return { client, https: proto === "" ? undefined : /^(?:https|wss)$/i.test(proto) };
  }

  /** Goes from one to the next as long as each is trusted. @returns how many were believed */
  #walk(client: Uint8Array, nodes: readonly Node[]): number {
    let steps = 0;
    for (let index = nodes.length - 1; index >= 0; index--) {
      const isKnown = mapAddress(this.#address, client, 0);
      const isInternal = isKnown ? this.#within(this.#networks, this.#address) : this.#unix;
      if (!isInternal && !(isKnown && this.#within(this.#publicNetworks, this.#address))) break;
      const node = readNode(nodes[index]!.by);
      if (node === undefined) break;
      if (!isInternal && !isOfInternet(node.address)) break;
      writeAddress(client, 0, node.address);
      client[ADDRESS_PORT] = node.port >> 8;
      client[ADDRESS_PORT + 1] = node.port & 255;
      steps++;
    }
    return steps;
  }
}

/** The lists that a front tells its backends, as JSON; undefined for anything else. */
export function readTrust(json: string | undefined): readonly TrustedProxies[] | undefined {
  if (json === undefined) return [];
  try {
    const lists: unknown = JSON.parse(json);
    return Array.isArray(lists) && lists.every(isTrust)
      ? lists.map((list) => new TrustedProxies(list))
      : undefined;
  } catch {
    return undefined;
  }
}

function isTrust(list: unknown): list is Trust {
  if (typeof list !== "object" || list === null) return false;
  const { proxies, publicProxies, header } = list as Record<string, unknown>;
  return isTexts(proxies) && (publicProxies === undefined || isTexts(publicProxies)) &&
    (header === undefined || typeof header === "string");
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

/** What is said of the scheme by whoever has said who asks: each of them may have added a member. */
function protoOf(value: string | undefined, steps: number): string {
  if (value === undefined) return "";
  const members = membersOf(value);
  return members[Math.max(0, members.length - Math.max(1, steps))] ?? "";
}

function networksOf(texts: readonly string[]): readonly Network[] {
  return texts.flatMap((text) => readNetwork(text) ?? []);
}

function isOfInternet(address: Address): boolean {
  return INTERNET.some((network) => isIn(address, network)) &&
    !PRIVATE.some((network) => isIn(address, network));
}
