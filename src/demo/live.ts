/** Long-lived streams (Server-Sent Events) that tell once a second how they are doing, and what they cost the front. */

import { type Census, type Facts, secondsUp } from "./facts.ts";
import { descriptorOf, processorTime, runs } from "./proc.ts";

/** Milliseconds between two messages. */
const BEAT = 1_000;

const encoder = new TextEncoder();

/** One message of a stream. What cannot be found out is left out. */
export interface Beat {
  /** Messages so far, this one included. */
  readonly messages: number;
  /** Bytes of content sent before this message. */
  readonly bytes: number;
  /** Whole seconds since the stream began. */
  readonly seconds: number;
  /** Whether the process that accepted the connection still runs. The stream does not need it. */
  readonly frontRuns: boolean;
  /** By which descriptor the front holds the stream's socket: null, since it does not. */
  readonly frontDescriptor?: number | null | undefined;
  /** Milliseconds of processor time that the front has used since the stream began, for whatever it did. */
  readonly frontTime?: number | undefined;
  readonly connections: number;
  readonly secondsUp: number;
}

/** One stream, from its first message to its end. */
class Stream {
  readonly #began = performance.now();
  readonly #timeBefore: number | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  #messages = 0;
  #bytes = 0;

  constructor(
    readonly facts: Facts,
    readonly census: Census,
    readonly out: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ) {
    this.#timeBefore = processorTime(facts.acceptedBy.process);
    this.#timer = setInterval(() => this.#beat(), BEAT);
    this.#send("facts", facts);
    this.#beat();
  }

  #beat(): void {
    // A client that does not read gets no more until it does: at most a few messages wait here.
    if ((this.out.desiredSize ?? 0) < 0) return;
    this.#messages++;
    this.#send("beat", this.#look());
  }

  #look(): Beat {
    const { facts: { acceptedBy, socket }, census } = this;
    const time = processorTime(acceptedBy.process);
    const before = this.#timeBefore;
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      seconds: Math.round((performance.now() - this.#began) / 1_000),
      frontRuns: runs(acceptedBy.process),
      frontDescriptor: socket === null ? undefined : descriptorOf(acceptedBy.process, socket.number),
      frontTime: time === undefined || before === undefined ? undefined : time - before,
      connections: census.connections,
      secondsUp: secondsUp(),
    };
  }

  #send(event: string, data: unknown): void {
    const bytes = encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    this.#bytes += bytes.byteLength;
    this.out.enqueue(bytes);
  }

  /** Sends nothing more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Says farewell. */
  end(): void {
    this.stop();
    this.#send("end", {});
    this.out.close();
  }
}

/** The streams of this process. */
export class LiveStreams {
  readonly #streams = new Set<Stream>();
  #listening = false;

  constructor(readonly census: Census) {}

  /** Starts a stream that goes on until its client leaves, or the process is asked to end. */
  open(facts: Facts): Response {
    this.#listen();
    let stream: Stream;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        stream = new Stream(facts, this.census, controller);
        this.#streams.add(stream);
      },
      cancel: () => {
        stream.stop();
        this.#streams.delete(stream);
      },
    }, { highWaterMark: 4 });
    return new Response(body, {
      headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
    });
  }

  /** Streams have no end of their own, and draining waits for the end of what is under way. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    const end = () => {
      for (const stream of this.#streams) stream.end();
      this.#streams.clear();
    };
    Deno.addSignalListener("SIGTERM", end);
    Deno.addSignalListener("SIGINT", end);
  }
}
