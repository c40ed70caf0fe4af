/** The words of mod_remoteip: who stands in front, and whose words count about who asks. */

import { readNetwork } from "../../rules/networks.ts";
import type { ProxyProtocol, Trust } from "../../trust/trust.ts";
import { formatAddress } from "../address.ts";
import type { ListenAddress } from "../config.ts";
import type { Resolve } from "../path.ts";
import { quote } from "../reading.ts";
import type { TrustLists } from "../trust_lists.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** Each with what it takes: the number of arguments, and what they are, for people. */
export const REMOTE_IP_DIRECTIVES = [
  ["RemoteIPHeader", 1, 1, "the name of a field, such as X-Forwarded-For"],
  ["RemoteIPInternalProxy", 1, Infinity, "addresses or networks"],
  ["RemoteIPInternalProxyList", 1, 1, "a file with addresses or networks"],
  ["RemoteIPTrustedProxy", 1, Infinity, "addresses or networks"],
  ["RemoteIPTrustedProxyList", 1, 1, "a file with addresses or networks"],
  ["RemoteIPProxyProtocol", 1, 1, "On or Off"],
  ["RemoteIPProxyProtocolExceptions", 1, Infinity, "addresses or networks"],
] as const;

/** What one server says. */
export class RemoteIpWords {
  /** Those that may stand once; the last counts. */
  header: Directive | undefined;
  protocol: Directive | undefined;
  readonly internal: Directive[] = [];
  readonly trusted: Directive[] = [];
  readonly exceptions: Directive[] = [];

  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean {
    switch (directive.name.toLowerCase()) {
      case "remoteipheader":
        this.header = directive;
        return true;
      case "remoteipproxyprotocol":
        this.protocol = directive;
        return true;
      case "remoteipinternalproxy":
      case "remoteipinternalproxylist":
        this.internal.push(directive);
        return true;
      case "remoteiptrustedproxy":
      case "remoteiptrustedproxylist":
        this.trusted.push(directive);
        return true;
      case "remoteipproxyprotocolexceptions":
        this.exceptions.push(directive);
        return true;
      default:
        return false;
    }
  }
}

/** An address, and what the servers say that answer there. */
interface Place {
  readonly address: ListenAddress;
  readonly servers: readonly { readonly remoteIp: RemoteIpWords }[];
}

/** What a listener has of it. */
export interface ListenerFront {
  readonly proxyProtocol?: ProxyProtocol;
  readonly trust?: number;
}

/** What servers say, as their listeners have it: who is trusted is known before it is known which host is meant. */
export class RemoteIpReader {
  readonly #read = new Map<Directive, readonly string[]>();

  /**
   * @param main what the main server says, for those that say nothing
   * @param resolve makes paths absolute, as ServerRoot says
   * @param read the content of a file
   */
  constructor(
    readonly faults: Faults,
    readonly main: RemoteIpWords,
    readonly lists: TrustLists,
    readonly resolve: Resolve,
    readonly read: (path: string) => string,
  ) {}

  /** Who stands in front of a listener. */
  of({ address, servers }: Place): ListenerFront {
    const words = servers.map(({ remoteIp }) => remoteIp);
    const where = formatAddress(address);
    const proxyProtocol = this.#protocolOf(words, where);
    const trust = this.#trustOf(words, where);
    return {
      ...proxyProtocol === undefined ? {} : { proxyProtocol },
      ...trust === undefined ? {} : { trust: this.lists.numberOf(trust) },
    };
  }

  #protocolOf(words: readonly RemoteIpWords[], where: string): ProxyProtocol | undefined {
    const said = words.map(({ protocol }) => protocol ?? this.main.protocol);
    const on = said.map((directive) => {
      const value = directive === undefined ? "off" : directive.args[0]!.toLowerCase();
      if (value !== "on" && value !== "off") {
        this.faults.add(directive!, `Found ${quote(directive!.args[0]!)}; write On or Off`);
      }
      return value === "on";
    });
    if (!on.includes(true)) return undefined;
    if (on.includes(false)) {
      const spot = said[on.indexOf(true)]!;
      this.faults.add(
        spot,
        `Cannot hold for one virtual host on ${where}, as connections begin alike; write it in all of them`,
      );
    }
    const except = [this.main, ...words].flatMap(({ exceptions }) => this.#networks(exceptions));
    return except.length === 0 ? {} : { except: [...new Set(except)] };
  }

  #trustOf(words: readonly RemoteIpWords[], where: string): Trust | undefined {
    const lists = words.map((own) => this.#listOf(own));
    const [first] = lists;
    const texts = new Set(lists.map((list) => JSON.stringify(list ?? null)));
    if (texts.size === 1) return first;
    const spot = words.map(({ header, internal, trusted }) => header ?? internal[0] ?? trusted[0]).find((
      own,
    ) => own !== undefined);
    this.faults.warn(
      spot ?? this.main.header ?? this.faults.whole,
      `nobody is trusted on ${where}, where virtual hosts trust different ones; write the same in all of them`,
      "changes",
    );
    return { proxies: [] };
  }

  #listOf({ header: own, internal, trusted }: RemoteIpWords): Trust | undefined {
    const { main } = this;
    const header = own ?? main.header;
    if (header === undefined) return undefined;
    const isOwn = internal.length + trusted.length > 0;
    const proxies = this.#networks(isOwn ? internal : main.internal);
    const publicProxies = this.#networks(isOwn ? trusted : main.trusted);
    if (proxies.length + publicProxies.length === 0) {
      this.#once(
        header,
        "believes nobody; httpd believes everybody: write RemoteIPInternalProxy with those to be trusted",
      );
    }
    return {
      proxies,
      ...publicProxies.length === 0 ? {} : { publicProxies },
      header: header.args[0]!.toLowerCase(),
    };
  }

  readonly #told = new Set<Directive>();

  #once(directive: Directive, message: string): void {
    if (this.#told.has(directive)) return;
    this.#told.add(directive);
    this.faults.warn(directive, message, "changes");
  }

  #networks(directives: readonly Directive[]): string[] {
    return directives.flatMap((directive) => {
      let networks = this.#read.get(directive);
      if (networks === undefined) this.#read.set(directive, networks = this.#readNetworks(directive));
      return networks;
    });
  }

  #readNetworks(directive: Directive): string[] {
    return this.#textsOf(directive).filter((text) => {
      if (readNetwork(text) !== undefined) return true;
      const message = `leaves out ${quote(text)}: write an address or a network, as names are not resolved`;
      this.faults.warn(directive, message, "changes");
      return false;
    });
  }

  #textsOf(directive: Directive): readonly string[] {
    if (!directive.name.toLowerCase().endsWith("list")) return directive.args;
    const path = this.resolve(directive.args[0]!);
    try {
      return this.read(path).split("\n").flatMap((line) => line.replace(/#.*/, "").split(/\s+/)).filter((
        text,
      ) => text !== "");
    } catch (error) {
      this.faults.add(
        directive,
        `Cannot read ${quote(path)}: ${error instanceof Error ? error.message : error}; write a file`,
      );
      return [];
    }
  }
}
