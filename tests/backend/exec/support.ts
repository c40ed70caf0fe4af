/** Backends that run programs, and what they have started. */

import assert from "node:assert/strict";
import { findCommand } from "../../../src/backend/exec/command.ts";
import { type ExecOptions, ExecServer } from "../../../src/backend/exec/exec_server.ts";
import { CgiRequestHandler } from "../../../src/backend/exec/cgi/cgi_handler.ts";
import type { ProgramEvent } from "../../../src/backend/exec/programs.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { childrenOf } from "../../support/proc.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { Rig, withRig } from "../rig.ts";

/** What the tests' programs find, and nothing else. */
const ENVIRONMENT = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"];

/** A backend that runs programs, its front, and what it has told. */
export interface ExecRig {
  readonly rig: Rig;
  readonly front: ScriptedFront;
  readonly events: ProgramEvent[];
  /** What was wrong with responses of CGI programs. */
  readonly faults: string[];
  readonly errors: unknown[];
  /** Hands a new client over, which has sent this. */
  readonly give: ScriptedFront["give"];
  /** The programs that exist, those that have ended and were not reaped included. */
  children(): number[];
  /** Waits until every program has ended and been reaped. */
  childless(): Promise<void>;
}

type Options = Partial<ExecOptions>;
/** A shell script, or a command. */
type Script = string | readonly string[];

function optionsOf(script: Script, events: ProgramEvent[], options: Options): ExecOptions {
  const words = typeof script === "string" ? ["sh", "-c", script] : script;
  return {
    command: findCommand(words, ENVIRONMENT),
    environment: ENVIRONMENT,
    most: 100,
    report: (event) => events.push(event),
    ...options,
  };
}

function run(
  rig: () => Rig,
  parts: Omit<ExecRig, "rig" | "front" | "give" | "children" | "childless">,
  body: (exec: ExecRig) => Promise<void>,
) {
  return withRig(rig, async (made) => {
    const front = await made.front();
    // Test files share a process, and another one's children are not this one's.
    const others = new Set(childrenOf(Deno.pid));
    const children = () => childrenOf(Deno.pid).filter((pid) => !others.has(pid));
    const childless = async () => {
      await made.until(() => children().length === 0, "the end of all programs");
    };
    const give: ExecRig["give"] = (text, change) => front.give(text, change);
    try {
      await body({ ...parts, rig: made, front, give, children, childless });
      await childless();
    } catch (error) {
      // What one test has left behind should not fail the others.
      void made.backend.abandon(true);
      await childless();
      throw error;
    }
    assert.deepEqual(parts.errors, []);
  });
}

/** A test of a backend that runs a program per connection. */
export function testExec(
  name: string,
  script: Script,
  body: (exec: ExecRig) => Promise<void>,
  options: Options = {},
): void {
  Deno.test(name, () => {
    const events: ProgramEvent[] = [];
    const server = () => new ExecServer(optionsOf(script, events, options));
    return run(() => new Rig(server()), { events, faults: [], errors: [] }, body);
  });
}

/** A test of a backend that runs a CGI program per request. */
export function testCgi(
  name: string,
  script: Script,
  body: (exec: ExecRig) => Promise<void>,
  options: Options = {},
): void {
  Deno.test(name, () => {
    const [events, faults, errors]: [ProgramEvent[], string[], unknown[]] = [[], [], []];
    const handler = () =>
      new CgiRequestHandler({
        ...optionsOf(script, events, options),
        software: "test",
        onFault: (_exchange, _process, why) => faults.push(why),
      });
    const server = () =>
      new HttpServer(handler(), { limits: DEFAULT_LIMITS, onError: (error) => errors.push(error) });
    return run(() => new Rig(server()), { events, faults, errors }, body);
  });
}
