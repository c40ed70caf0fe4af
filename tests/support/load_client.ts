/**
 * Many clients in one process: each opens a connection, sends one request with a number of its own, reads to the end
 * and judges what came. Started by load.ts, which says how in the first argument; speaks to it in lines.
 *
 * Connecting blocks, which on one host takes no longer than the kernel does: it answers for a listener's queue.
 */

import {
  adopt,
  AF_INET,
  close,
  type Descriptor,
  EAGAIN,
  encodeInternetAddress,
  EPOLLIN,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  raiseDescriptorLimit,
  settle,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from "../../ffi/mod.ts";
import { DeadlineSet, Timed } from "../../src/loop/deadlines.ts";
import { Poller, type Source } from "../../src/loop/poller.ts";
import type { LoadPlan, LoadResult, Outcome } from "./load_plan.ts";

const { bind, connect, recv, send, socket } = libc;

const plan = JSON.parse(Deno.args[0]!) as LoadPlan;
const { port, concurrency, path, host, sources } = plan;
let { total } = plan;
const poller = new Poller();
const deadlines = new DeadlineSet();
const patience = deadlines.list(plan.patience);
const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");
const server = encodeInternetAddress("127.0.0.1", port);
const bytes = new Uint8Array(65_536);
const size = BigInt(bytes.byteLength);

const counts: Record<Outcome, number> = {
  answered: 0,
  refused: 0,
  closed: 0,
  reset: 0,
  broken: 0,
  late: 0,
};
const unanswered: [number, Outcome, string][] = [];
const processes: Record<string, number> = {};
const pairs: Record<string, number> = {};
const bySource: Record<string, Record<string, number>> = {};
let retryAfter = 0;
let slowest = 0;
const slow: [number, number, number][] = [];
const refusalTimes: number[] = [];
let started = 0;
let finished = 0;

/** One client. */
class Client extends Timed implements Source {
  readonly fd: Descriptor;
  readonly since = performance.now();
  #text = "";
  #process = 0;

  constructor(readonly id: number, readonly source: string | undefined) {
    super();
    this.fd = adopt(settle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    if (source !== undefined) {
      const own = encodeInternetAddress(source, 0);
      must(settle(bind(this.fd, own, own.byteLength)), "bind");
    }
    must(settle(connect(this.fd, server, server.byteLength)), "connect");
    const query = `${path.includes("?") ? "&" : "?"}id=${id}`;
    const request = encoder.encode(
      `GET ${path}${query} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    patience.start(this, performance.now());
    poller.add(this.fd, EPOLLIN, this);
    settle(send(this.fd, request, BigInt(request.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  ready(): void {
    for (;;) {
      let length = settle(recv(this.fd, bytes, size, MSG_DONTWAIT));
      // Between a call and its errno the runtime may do something of its own, once in millions: nobody is judged by one look.
      if (length < 0 && length !== -EAGAIN) {
        length = settle(recv(this.fd, bytes, size, MSG_DONTWAIT)) || length;
      }
      if (length === -EAGAIN) return;
      if (length > 0) {
        this.#text += latin1.decode(bytes.subarray(0, length));
        continue;
      }
      return this.#end(length === 0 ? this.#judge() : this.#text === "" ? "reset" : "broken");
    }
  }

  override expire(): void {
    this.#end("late");
  }

  /** What a whole answer is: one response, as long as it says, and to this client's own request. */
  #judge(): Outcome {
    if (this.#text === "") return "closed";
    const split = this.#text.indexOf("\r\n\r\n");
    const head = this.#text.slice(0, split);
    const body = this.#text.slice(split + 4);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
    const length = /\r\ncontent-length: (\d+)(\r\n|$)/i.exec(head)?.[1];
    if (split < 0 || status === undefined || Number(length) !== body.length) return "broken";
    if (status === "503") {
      if (/\r\nretry-after: \d+(\r\n|$)/i.test(head)) retryAfter++;
      return "refused";
    }
    const [id, process, front] = body.split(" ");
    if (status !== "200" || id !== String(this.id)) return "broken";
    this.#process = Number(process);
    count(processes, process!);
    count(pairs, `${front}>${process}`);
    if (this.source !== undefined) count(bySource[this.source] ??= {}, process!);
    return "answered";
  }

  #end(outcome: Outcome): void {
    this.stopDeadline();
    poller.remove(this.fd);
    close(this.fd);
    finished++;
    counts[outcome]++;
    const took = Math.round(performance.now() - this.since);
    if (outcome === "answered") {
      slowest = Math.max(slowest, took);
      if (took >= plan.slow) slow.push([this.id, took, this.#process]);
    } else {
      unanswered.push([this.id, outcome, this.#text.slice(0, 200)]);
      if (outcome === "refused") refusalTimes.push(took);
    }
  }
}

function must(result: number, what: string): void {
  if (result < 0) throw new Error(`Cannot ${what}: error ${-result}`);
}

function count(table: Record<string, number>, key: string): void {
  table[key] = (table[key] ?? 0) + 1;
}

function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(line + "\n"));
}

/** Standard input: its end says that it is enough. */
class Orders implements Source {
  readonly fd = adopt(0);

  ready(): void {
    poller.remove(this.fd);
    total = Math.min(total, started);
    say("enough");
  }
}

raiseDescriptorLimit();
const orders = new Orders();
poller.add(orders.fd, EPOLLIN, orders);
const begun = performance.now();
let told = 0;
while (finished < total) {
  while (started < total && started - finished < concurrency) {
    const source = sources[started % Math.max(1, sources.length)];
    new Client(plan.firstId + started++, source);
  }
  poller.tell(poller.wait(deadlines.timeout(performance.now())));
  deadlines.expire(performance.now());
  if (finished - told >= 100 || (total - finished < 100 && finished > told)) {
    told = finished;
    say(`finished ${finished}`);
  }
}
const result: LoadResult = {
  total,
  ...counts,
  retryAfter,
  unanswered,
  processes,
  pairs,
  bySource,
  slowest,
  slow,
  refusalTimes,
  seconds: Math.round(performance.now() - begun) / 1_000,
};
say(`result ${JSON.stringify(result)}`);
