/**
 * What the control plane tells a data-plane Worker and what it hears from it. Plain data, sent by structured clone.
 */

import type { Finding, Question } from "../rules/access.ts";
import type { AccessLogRules } from "../logs/rules.ts";
import type { OutputEvent } from "../output/line_file.ts";
import type { Backend, ErrorDocuments, Limits, Site } from "../config/config.ts";
import type { ListenerTls } from "../config/tls.ts";
import type { ReturnedError } from "../protocol/error_field.ts";
import type { RatesName } from "../protocol/rates_table.ts";
import type { ProxyProtocol, Trust } from "../trust/trust.ts";

/** A listener of one Worker. The control plane opens the sockets, so that a port in use is reported in its sentences. */
export interface ListenerPlan {
  /** The listening sockets: owned by the Worker from now on. None for one that it has from an earlier plan. */
  readonly fds: readonly number[];
  /** Tells listeners apart from plan to plan: the address as configured. */
  readonly key: string;
  readonly sites: readonly Site[];
  /** Who does the handshakes of its clients, where those speak TLS. */
  readonly tls?: ListenerTls;
  /** Connections begin with a header of the PROXY protocol; see `Listener` of src/config/config.ts. */
  readonly proxyProtocol?: ProxyProtocol;
  /** Which list of the plan says whose words count about who asks, counted from 1. */
  readonly trust?: number;
  /** Those do TLS for all of their clients. */
  readonly scheme?: "https";
}

/** What the Workers of a front have in common with each other and with those of the fronts that succeed it. */
export interface Family {
  /** What backends know it by: see HELLO in docs/protocol.md. In hexadecimal digits. */
  readonly name: string;
  /** What the front knows by what it has said itself: see tls_proof.ts. */
  readonly key: Uint8Array<ArrayBuffer>;
}

/** Where the Workers of a front count together how many connections clients have. */
export interface ClientsPlace {
  readonly memory: SharedArrayBuffer;
  /** By chance, so that nobody can choose addresses that meet. */
  readonly seed: number;
}

/** The same of how often clients connect and ask. */
export interface RatesPlace extends ClientsPlace {
  /** Where requests are counted instead, together with backends of the same user, where there is a file for that. */
  readonly requests?: RatesName;
}

/** Everything a data plane works by. A later plan replaces the earlier one; what goes on in both is kept. */
export interface Plan {
  readonly listeners: readonly ListenerPlan[];
  readonly backends: readonly Backend[];
  readonly limits: Limits;
  /** User ids that a backend may run as: ours, root, and the configured ones. */
  readonly allowUsers: readonly number[];
  /** What is answered instead of the front's own text where no site says otherwise. */
  readonly errorDocuments?: ErrorDocuments;
  /** Which requests that the front answers itself get a line, and where. */
  readonly accessLogs?: AccessLogRules | undefined;
  /** Room for what this Worker counts of each backend, by its name; the same from plan to plan. */
  readonly backendCounters?: Readonly<Record<string, SharedArrayBuffer>>;
  /** Lists of who is trusted, to which listeners refer. */
  readonly trust?: readonly Trust[];
  /** Grows with every plan. Travels with each hand-off: scopes of an older generation are void. */
  readonly generation: number;
}

/** A connection that goes from one data plane to another: see moving.ts. */
export interface MovedConnection {
  /** Its descriptor; owned by whoever has this record. */
  readonly fd: number;
  /** The addresses of the client and of the listener, as hand-offs carry them. */
  readonly client: Uint8Array<ArrayBuffer>;
  readonly local: Uint8Array<ArrayBuffer>;
  /** Requests answered on it. */
  readonly requests: number;
  readonly preread: Uint8Array<ArrayBuffer>;
  /** What is known of TLS on it: a field as hand-offs carry it, head and all; empty where there is none. */
  readonly tls: Uint8Array<ArrayBuffer>;
  /** Its client speaks TLS with somebody who is still to be found. */
  readonly unread: boolean;
  /** Somebody stands in front of its client, and has yet to say who that is. */
  readonly unannounced: boolean;
  /** Whether somebody stands in front, whose address is `client` then: 0 for nobody, 2 where that one speaks https, else 1. */
  readonly peer: number;
  /** The head of a response is out. */
  readonly begun: boolean;
  /** What its request has come to at a backend, where the page of that is the front's to find. */
  readonly error?: ReturnedError;
  /** Milliseconds that it has left: for its head, between two requests, after it was answered with an error; -1 where none run. */
  readonly head: number;
  readonly idle: number;
  readonly lingers: number;
  /** It goes on as if it had just been accepted: nothing is known of it. */
  readonly fresh?: boolean;
  /** Milliseconds for which it has waited for a backend, and its request was there; -1 where it has not. */
  readonly waited: number;
}

/** Control plane to Worker. Each one is followed by one wake-up, see worker.ts. */
export type Command =
  | {
    readonly type: "start";
    readonly plan: Plan;
    /** What this Worker calls itself to backends. */
    readonly name: string;
    /** Which one it is, counted from 1. */
    readonly worker: number;
    /** Room for the counters of core/counters.ts, read by the control plane at any time. */
    readonly counters: SharedArrayBuffer;
    /** Room for core/ledger.ts. */
    readonly ledger: SharedArrayBuffer;
    /** Room for core/shared_rates.ts, which all Workers have in common. */
    readonly rates: RatesPlace;
    /** The same for core/shared_clients.ts. */
    readonly clients: ClientsPlace;
    readonly family: Family;
    /** Whether a supervisor keeps copies of channels. */
    readonly supervised: boolean;
    /** Whether it lets everything go, as after `surrender`, until it is told to `resume`: another front is the front yet. */
    readonly succeeds: boolean;
  }
  | { readonly type: "plan"; readonly plan: Plan }
  /** What was asked by a report `question`. */
  | { readonly type: "answered"; readonly key: string; readonly finding: Finding }
  /** Wants nothing but that the loop goes round. */
  | { readonly type: "beat" }
  | { readonly type: "reopen" }
  /** Nothing is accepted or looked at any more, and all connections go: answered by `surrendered`, later ones by `moved`. */
  | { readonly type: "surrender" }
  /** Connections come. @see Counters for what `totals` is added to */
  | {
    readonly type: "take-in";
    readonly connections: readonly MovedConnection[];
    readonly totals?: Readonly<Record<string, number>>;
  }
  /** Nothing goes any more: accepts, and looks at connections again. */
  | { readonly type: "resume" }
  /**
   * Wants to hear `left`, as soon as nothing is under way. `now` gives up what is. Listeners but those of `kept`, which
   * another front has, are emptied and closed.
   */
  | { readonly type: "leave"; readonly now: boolean; readonly kept: readonly string[] }
  /** Another front has everything: ends the channels, and reports `drained`. */
  | { readonly type: "farewell" }
  /** Comes to its end. With `keepsIdle`, connections on which nobody asks anything are reported as `moved`, not closed. */
  | { readonly type: "drain"; readonly keepsIdle: boolean };

/** Worker to control plane: what happened that people want to know. Never one per connection. */
export type Report =
  | OutputEvent
  /** The eventfd that wakes it, the descriptor that it waits at, and its thread. */
  | { readonly type: "ready"; readonly wake: number; readonly epoll: number; readonly thread: number }
  | { readonly type: "applied"; readonly generation: number }
  | { readonly type: "surrendered"; readonly connections: readonly MovedConnection[] }
  | { readonly type: "moved"; readonly connections: readonly MovedConnection[] }
  | { readonly type: "left" }
  | {
    readonly type: "backend-found";
    readonly backend: string;
    readonly socket: string;
    /** 0 where the protocol does not say it. */
    readonly process: number;
    /** What it calls itself; empty where the protocol does not say it. */
    readonly name: string;
    readonly protocol: "fdpass" | "apache";
  }
  /** The processes of a backend that take connections, in order, where that has changed. */
  | { readonly type: "backend-processes"; readonly backend: string; readonly processes: readonly number[] }
  | {
    readonly type: "backend-lost";
    readonly backend: string;
    readonly socket: string;
    readonly reason: string;
  }
  | {
    readonly type: "backend-awaited";
    readonly backend: string;
    readonly socket: string;
    readonly reason: string;
  }
  | {
    /** It comes and goes: from the third time in a row on it is told like this, once a minute. */
    readonly type: "backend-restless";
    readonly backend: string;
    readonly socket: string;
    readonly reason: string;
    readonly count: number;
  }
  | {
    readonly type: "handoff-refused";
    readonly backend: string;
    readonly reason: string;
    readonly count: number;
  }
  | {
    readonly type: "request-refused";
    /** 0 where nothing could be answered. */
    readonly status: number;
    readonly why: string;
    /** First name of the site; empty where it has none, or that is not known. */
    readonly site: string;
    /** The port that the client has connected to. */
    readonly port: number;
    readonly count: number;
    /** Of the first of them: as the client sent it, cut. */
    readonly client?: string;
    readonly host?: string;
    readonly target?: string;
  }
  /** What a place stands for in which answers are counted by reason (core/reasons.ts). */
  | { readonly type: "reason"; readonly place: number; readonly status: number; readonly why: string }
  /** A backend process has given its page of counters. The descriptor is the control plane's from now on. */
  | { readonly type: "counters"; readonly backend: string; readonly fd: number }
  | {
    /** Descriptors are short, and connections were closed for others. */
    readonly type: "made-room";
    readonly what: "silent" | "refused" | "idle" | "unfinished";
    /** The client's address; of IPv6 its first 64 bits. */
    readonly client: string;
    readonly count: number;
  }
  /**
   * Something has to be found out that takes longer than a data plane has. Not one per request: what is found out is
   * remembered. `client` is who asks, so that one of them does not keep others waiting.
   */
  | { readonly type: "question"; readonly key: string; readonly question: Question; readonly client: string }
  /** A channel has begun, of a front with a supervisor. The descriptor, a copy, is the control plane's from now on. */
  | { readonly type: "channel"; readonly fd: number }
  | { readonly type: "response-broken-off"; readonly why: string }
  | { readonly type: "descriptors"; readonly exhausted: boolean }
  | { readonly type: "drained" };
