/** A CGI/1.1 program per request (RFC 3875). */

import { close, E2BIG, EAGAIN, EMFILE, ENFILE, ENOMEM, ErrnoError, pipe } from "../../../../ffi/mod.ts";
import type { Steps } from "../../../loop/course.ts";
import type { Deadlines } from "../../../loop/deadlines.ts";
import type { Loop } from "../../../loop/loop.ts";
import { ConnectionLost } from "../../connection/connection.ts";
import type { Exchange, Field } from "../../http/exchange.ts";
import type { RequestHandler } from "../../http/http_server.ts";
import { say } from "../../http/say.ts";
import type { ExecOptions } from "../exec_server.ts";
import type { Program } from "../program.ts";
import { endOf, Programs } from "../programs.ts";
import { Answering, OutputError } from "./answering.ts";
import { type CgiRequest, metaVariables } from "./meta_variables.ts";
import { scriptOf } from "./named_script.ts";
import { OutputPipe } from "./pipe_ends.ts";
import { awaited, type Input, inputOf, noInput, released } from "./request_content.ts";
import { Slots } from "./slots.ts";
import { aboutSite } from "../../log/about_site.ts";

/** How requests are served. */
export interface CgiOptions extends ExecOptions {
  /** What SERVER_SOFTWARE says. */
  readonly software: string;
  /** Takes what was wrong with a program's output. */
  readonly onFault?: (exchange: Exchange, process: number, why: string) => void;
}

/** Milliseconds that a request waits for another one's program to end; 503 after that. */
const QUEUE = 10_000;
/** Milliseconds of silence after which what a program has left behind writes no more of the response. */
const LEFT_BEHIND = 2_000;
/** Local redirects that follow each other. A program that sends them to itself would never end. */
const MOST_REDIRECTS = 10;

/** What all requests share; made with the first one, when the loop is known. */
interface Shared {
  readonly loop: Loop;
  readonly programs: Programs;
  readonly slots: Slots;
  readonly leftBehind: Deadlines;
}

/** Serves requests by running a program for each. */
export class CgiRequestHandler implements RequestHandler {
  readonly selfContained = true;
  #shared: Shared | undefined;

  constructor(readonly options: CgiOptions) {}

  /** Programs that run. */
  get running(): number {
    return this.#shared?.programs.running ?? 0;
  }

  /** Requests are counted, not connections: one that is idle has no program. */
  full(accepted: number): boolean {
    return (this.#shared?.slots.wanted ?? 0) + accepted >= this.options.most;
  }

  /** A program may go on when it has answered, and its client is gone. */
  get busy(): boolean {
    return this.running > 0;
  }

  async abandon(force: boolean): Promise<void> {
    if (this.#shared !== undefined) await endOf(this.#shared.programs, force);
  }

  forget(): void {
    this.#shared?.programs.forget();
  }

  #share(loop: Loop): Shared {
    return this.#shared ??= {
      loop,
      programs: new Programs(loop, this.options),
      slots: new Slots(this.options.most, loop.deadlines.list(QUEUE)),
      leftBehind: loop.deadlines.list(LEFT_BEHIND),
    };
  }

  /** Answers with the response of a program, and of another one as long as one redirects here. */
  *handle(exchange: Exchange): Steps<void> {
    const shared = this.#share(exchange.connection.home.loop);
    let { method, path, query } = exchange;
    if (method === "CONNECT") return yield* say(exchange, 501, "CONNECT is not for programs");
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const location = yield* this.#serve(shared, exchange, { method, path, query }, redirects === 0);
      if (location === undefined) return;
      // Who may ask for that, and who runs it, is decided by the front: the client asks for it.
      if (this.options.command === undefined) {
        return yield* exchange.respond(302, [["Location", location]], "");
      }
      const [newPath, ...newQuery] = location.split("?");
      // RFC 3875, 6.2.2: as if the client had asked for that, without content.
      if (method !== "HEAD") method = "GET";
      [path, query] = [newPath!, newQuery.join("?")];
    }
    yield* say(exchange, 502, "The program redirects without end.");
  }

  /**
   * Serves a request with one program.
   *
   * @returns where a local redirect leads, if the program answers with one
   */
  *#serve(
    shared: Shared,
    exchange: Exchange,
    request: Omit<CgiRequest, "contentLength">,
    withContent: boolean,
  ): Steps<string | undefined> {
    let ready: Input | undefined;
    let taken = false;
    let started = false;
    try {
      const content = withContent ? yield* awaited(exchange) : undefined;
      if (typeof content === "string") {
        const { status, sentence, fields } = UNWANTED[content];
        yield* say(exchange, status, sentence, fields);
        return undefined;
      }
      ready = content;
      taken = yield shared.slots.take;
      if (!taken) {
        if (ready !== undefined) close(ready.stdin);
        yield* say(exchange, 503, "Too many programs run already.", RETRY);
        return undefined;
      }
      const input = ready ?? (withContent ? inputOf(exchange, shared.loop) : noInput());
      const running = yield* this.#start(shared, exchange, request, input);
      if (running === undefined) return undefined;
      started = true;
      return yield* this.#passOn(exchange, input, running.program, running.output);
    } catch (error) {
      if (!(error instanceof ErrnoError) || !OUT_OF_RESOURCES.has(error.errno) || exchange.responded) {
        throw error;
      }
      yield* say(exchange, 503, "No program can be run at the moment.", RETRY);
      return undefined;
    } finally {
      // A program that runs gives its slot back at its end.
      if (taken && !started) shared.slots.free();
      if (ready !== undefined) released(ready);
    }
  }

  /** Starts the program. What it gets of the input is closed here, on every path. */
  *#start(
    { loop, programs, slots, leftBehind }: Shared,
    exchange: Exchange,
    request: Omit<CgiRequest, "contentLength">,
    input: Input,
  ): Steps<{ readonly program: Program; readonly output: OutputPipe } | undefined> {
    const { stdin, length, feed } = input;
    const script = this.options.command === undefined ? scriptOf(exchange) : undefined;
    const whole = { ...request, contentLength: length };
    const variables = metaVariables(exchange, whole, this.options.software, script?.placed);
    let started: Program | number | undefined;
    let output: OutputPipe | undefined;
    try {
      if ("status" in variables) {
        yield* say(
          exchange,
          variables.status,
          `The request cannot be passed to a program: ${variables.why}.`,
        );
        return undefined;
      }
      if (this.options.command === undefined && script === undefined) {
        yield* say(exchange, 404, "There is no such program.");
        return undefined;
      }
      const [from, stdout] = pipe();
      const reading = output = new OutputPipe(loop, from);
      const environment = script === undefined ? variables : [...variables, ...script.variables];
      const about = aboutSite(exchange.connection);
      started = programs.start({ stdin, stdout, environment, about, command: script?.command }, () => {
        reading.hurry(leftBehind);
        // Whoever has waited for it starts a program of its own here.
        slots.free();
        exchange.connection.home.endIfEmpty();
      });
      close(stdout);
      if (typeof started !== "number") return { program: started, output };
    } finally {
      close(stdin);
      if (typeof started !== "object") {
        output?.close();
        feed?.pipe.close();
      }
    }
    if (started === -E2BIG) {
      yield* say(exchange, 431, "The request is too long to be passed to a program.");
    } else if (OUT_OF_RESOURCES.has(-started)) {
      yield* say(exchange, 503, "No program can be run at the moment.", RETRY);
    } else yield* say(exchange, 500, "The program cannot be run.");
    return undefined;
  }

  /** Passes on what a program responds, and the content of the request to it. */
  *#passOn(
    exchange: Exchange,
    { feed }: Input,
    program: Program,
    output: OutputPipe,
  ): Steps<string | undefined> {
    const { connection } = exchange;
    let gone = false;
    connection.onGone(() => {
      gone = true;
      program.terminate();
      output.close();
    });
    feed?.start(() => {
      program.terminate();
      output.close();
    });
    try {
      return yield* new Answering(exchange, program, output).run();
    } catch (error) {
      program.terminate();
      if (feed?.failure !== undefined) throw feed.failure.error;
      if (gone) throw new ConnectionLost("Cannot respond: the client is gone");
      if (!(error instanceof OutputError)) throw error;
      this.options.onFault?.(exchange, program.process, error.why);
      output.close();
      if (feed !== undefined) yield feed.cancel();
      yield* say(exchange, error.status, SENTENCES[error.status]);
      return undefined;
    } finally {
      connection.onGone(undefined);
      output.close();
      if (feed !== undefined) yield feed.cancel();
    }
  }
}

const RETRY: readonly Field[] = [["Retry-After", "1"]];

/** What is said where content is not collected. */
const UNWANTED = {
  "too long": {
    status: 413,
    sentence: "Content without a Content-Length is taken up to 8 MiB only.",
    fields: [],
  },
  "too many": { status: 503, sentence: "Too much content is being taken already.", fields: RETRY },
} as const;

/** There may be room again in a moment. */
const OUT_OF_RESOURCES: ReadonlySet<number> = new Set([EAGAIN, ENOMEM, EMFILE, ENFILE]);

const SENTENCES = {
  502: "The program behind this address gave no valid response.",
  503: "The program behind this address is busy.",
  504: "The program behind this address did not respond in time.",
} as const;
