/** Fronts that follow each other on one address, as programs. */

import { freePort } from "../support/ports.ts";
import {
  ALLOW_LIBC,
  FRONT_PERMISSIONS,
  PATIENT,
  Program,
  type StartOptions,
  TemporaryDirectory,
} from "../support/processes.ts";

/** A configuration of a front, the socket where its backend is, and fronts that go by it. */
export class Fronts extends TemporaryDirectory {
  readonly port = freePort();
  readonly socket = this.join("files.sock");
  readonly control = this.join("control.sock");
  readonly configuration = this.configure({});

  constructor() {
    super();
    this.write("small.txt", "small\n");
  }

  /** Writes another configuration. */
  configure(more: object, name = "front.json"): string {
    return this.write(
      name,
      JSON.stringify({
        ...PATIENT,
        listen: `127.0.0.1:${this.port}`,
        sites: [{ routes: [{ path: "/", to: "files", keepAlive: "return" }] }],
        backends: { files: { socket: this.socket } },
        ...more,
      }),
    );
  }

  /** @param args the path of a configuration, and what else the front is told @param options how it is started @param control where */
  start(
    args: readonly string[] = [],
    options: Partial<StartOptions> = {},
    control = this.control,
  ): Program {
    const [path = this.configuration, ...more] = args;
    return new Program(["front", path, "--control", control, ...more], {
      permissions: [
        ALLOW_LIBC,
        FRONT_PERMISSIONS[1]!.replace("read=", `read=${this.path},`),
        "--allow-env=NOTIFY_SOCKET",
      ],
      ...options,
    });
  }

  /** Starts one, and waits until it is the front. */
  async ready(args: readonly string[] = [], options: Partial<StartOptions> = {}): Promise<Program> {
    const front = this.start(args, options);
    await front.line(/^fdpass front ready on /m);
    return front;
  }

  /** Starts one that takes over. */
  takeOver(workers = 1): Promise<Program> {
    return this.ready([this.configuration, "--take-over", "--workers", String(workers)]);
  }
}
