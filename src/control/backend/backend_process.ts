/** `fdpass backend`: one backend process. */

import { raiseDescriptorLimit } from "../../../ffi/mod.ts";
import { Backend, type BackendEvent, type BackendOptions } from "../../backend/backend.ts";
import type { BackendKind } from "../../config/config.ts";
import { programOf, serverOf } from "../kinds/programs.ts";
export type { AccessLogRules } from "../../logs/rules.ts";
import { logOf, logOfServing, print, reopenMessages } from "../log/log.ts";
import { Repeated } from "../log/repeated.ts";
import { logOutput } from "../log/log_output.ts";
import { notify } from "../processes/notify.ts";
import { handleSignals } from "../processes/signals.ts";
import { BackendLogs } from "./backend_logs.ts";
import { givenListener } from "./given_listener.ts";
import { Replacement } from "./replacement.ts";

/** Milliseconds to take leave of clients in whose protocol one does. Less than a supervisor's patience, GRACE. */
const FAREWELL = 500;

/** How a backend is run. */
export interface BackendProcessOptions extends BackendOptions {
  readonly runs: BackendKind;
  /** Milliseconds that draining may take. */
  readonly drainTimeout: number;
  /** Whether a supervisor ends this process. */
  readonly supervised?: boolean;
  /** The number of a descriptor that it has passed on: see givenListener(). */
  readonly inherited?: number | undefined;
}

/**
 * Runs a backend until it is told to stop.
 *
 * @returns the exit code
 * @throws {ModuleError | DirectoryError | ListenError} when it cannot start; each says why and the way out
 */
export async function runBackend(options: BackendProcessOptions): Promise<number> {
  const log = logOf(`backend ${options.name}`);
  raiseDescriptorLimit();
  const server = await serverOf(
    options.runs,
    logOfServing(`backend ${options.name}`),
    options.name,
    options.apache,
  );
  const repeated = new Repeated();
  const logs = new BackendLogs(options.accessLogs, log);
  const { runs } = options;
  const given = givenListener(options, log);
  const backend = new Backend(server, {
    ...options,
    ...given,
    accessLogs: logs.rules,
    kind: runs.kind === "exec" && runs.cgi ? "cgi" : runs.kind,
    report: (event) => logEvent(log, repeated, event),
  });
  const ended = Promise.withResolvers<number>();
  let cutOff: ReturnType<typeof setTimeout> | undefined;
  const drain = () => {
    cutOff ??= setTimeout(() => {
      // With no time at all this may come before the end that drain() has begun.
      if (backend.isEmpty) return;
      log.warn("drain-late", "{active} connections did not come to an end in time; ending all the same", {
        active: backend.active,
      });
      void backend.takeLeave(FAREWELL).then(() => backend.abandon(false)).then(() => backend.close());
    }, options.drainTimeout);
    void backend.drain();
  };
  // A supervisor starts the new process itself.
  const reloads = programOf(options.runs).reloads && !options.supervised;
  const replacement = new Replacement({ ...options, ...reloads && given, log, retire: drain });
  handleSignals({
    drain: (signal) => {
      log.info("stopping", "{signal}: finishing {active} connections", { signal, active: backend.active });
      notify("STOPPING=1");
      void replacement.stop().then(() => ended.resolve(0));
      drain();
    },
    reopen: () => {
      reopenMessages();
      backend.log?.logs.reopen();
    },
    reload: () => {
      if (reloads) replacement.reload();
      else if (!options.supervised) server.refresh?.();
    },
    abandon: () => {
      replacement.kill();
      void backend.abandon(true);
    },
  }, options.supervised);
  print(`fdpass backend ${options.name} ready on ${options.socket}`);
  notify("READY=1");
  try {
    await backend.run();
  } catch (error) {
    log.fatal("ended-by-error", "the backend ended by an error: {error}", { error });
    replacement.kill();
    ended.resolve(1);
  }
  clearTimeout(cutOff);
  await backend.abandon(false);
  backend.close();
  await logs.close();
  return await ended.promise;
}

/** Writes what happens to the log: what a peer can make happen without end, together with what is alike. */
function logEvent(log: ReturnType<typeof logOf>, repeated: Repeated, event: BackendEvent): void {
  switch (event.type) {
    case "output-failed":
    case "output-works":
    case "output-stays":
      return logOutput(log, event);
    case "front-found":
      return repeated.tell(
        `found ${event.name}`,
        (times) => log.info("front-found", "{name} connected{times}", { ...event, times }),
      );
    case "front-lost":
      return repeated.tell(`lost ${event.name} ${event.reason}`, (times) => {
        if (event.fault) {
          log.error("front-fault", "ended the channel of {name}: {reason}{times}", { ...event, times });
        } else log.info("front-lost", "{name} left: {reason}{times}", { ...event, times });
      });
    case "front-refused":
      return repeated.tell(`refused ${event.uid}`, (times) => {
        log.warn(
          "front-refused",
          "refused a front of user {uid}{times}: name it in allowUsers to let it in",
          {
            ...event,
            times,
          },
        );
      });
    case "fronts":
      return repeated.tell("fronts", (times) => {
        log.error(
          "front-too-many",
          "refused a front{times}: fronts have {channels} channels to this process",
          {
            ...event,
            times,
          },
        );
      });
    case "compression-failed":
      return log.error(
        "compression-failed",
        "responses are not compressed: {reason}; under deno run, --allow-read has to name the program's modules",
        { reason: event.reason },
      );
    case "handoff-refused":
      return repeated.tell(`handoff ${event.reason}`, (times) => {
        log.warn("handoff-refused", "refused what is no hand-off of a client: {reason}{times}", {
          ...event,
          times,
        });
      });
    case "descriptors":
      return log.error(
        event.why === "exhausted" ? "descriptors-exhausted" : "descriptors-withheld",
        event.why === "exhausted"
          ? "out of descriptors: a hand-off was refused; raise the limit (ulimit -n, LimitNOFILE=)"
          : "a security module (SELinux, AppArmor, Smack) keeps the descriptors of hand-offs from this process; its audit " +
            "log says by which rule, and this backend has to be allowed to use the front's sockets",
      );
  }
}
