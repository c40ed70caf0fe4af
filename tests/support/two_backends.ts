/** Two backends, `a` and `b`, that serve every request alike: what many tests of hand-offs under load begin with. */

import { application, found, frontBelow, startApplication, startWith } from "./lossless.ts";
import { type FrontProgram, type Program, TemporaryDirectory } from "./processes.ts";

/** A front and its two backends, each started by itself. All of them, and their directory, are gone at the end of the block. */
export interface Two extends AsyncDisposable {
  readonly directory: TemporaryDirectory;
  /** The paths of the backends' sockets. */
  readonly sockets: readonly [string, string];
  /** Where the backends note which requests they begin: see `readLog`. */
  readonly log: string;
  readonly a: Program;
  readonly b: Program;
  readonly front: FrontProgram;
}

/** Starts them, and waits until the front has found both. @param more of the front's configuration */
export async function startTwo(more: object = {}): Promise<Two> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.use(new TemporaryDirectory());
  const log = directory.write("begun", "");
  const sockets = [directory.join("a.sock"), directory.join("b.sock")] as const;
  const a = starting.use(await startApplication(sockets[0], [], { log }));
  const b = starting.use(await startApplication(sockets[1], [], { log }));
  const front = starting.use(
    await startWith("front", {
      listen: ["127.0.0.1:0"],
      sites: [{ to: sockets.map((socket) => `fd://${socket}`) }],
      ...more,
    }),
  );
  await found(front, "a");
  await found(front, "b");
  const stack = starting.move();
  return { directory, sockets, log, a, b, front, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** The same as a family of `fdpass up`. */
export interface TwoBelowUp extends AsyncDisposable {
  readonly log: string;
  readonly up: FrontProgram;
  /** The front's process number. */
  readonly front: number;
}

/** Starts them, and waits until the front has found both. */
export async function startTwoBelowUp(): Promise<TwoBelowUp> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.use(new TemporaryDirectory());
  const log = directory.join("begun");
  const up = starting.use(
    await startWith("up", {
      listen: ["127.0.0.1:0"],
      sites: [{ to: ["a", "b"] }],
      backends: {
        a: { socket: directory.join("a.sock"), fetch: application(log) },
        b: { socket: directory.join("b.sock"), fetch: application(log) },
      },
    }),
  );
  const front = frontBelow(up.pid);
  await found(up, "a");
  await found(up, "b");
  const stack = starting.move();
  return { log, up, front, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
