/** The backends that `fdpass up` runs: starting them, and on SIGHUP replacing, adding and retiring them. */

import type { Backend, Config } from "../../config/config.ts";
import type { Tls } from "../../config/tls.ts";
import { makeSocketDirectory } from "../../config/run_directory.ts";
import { reasonOf } from "../failure.ts";
import { type Descriptor, SOCK_SEQPACKET } from "../../../ffi/mod.ts";
import { adviceFor, givenArguments } from "../backend/given_listener.ts";
import { programOf } from "../kinds/programs.ts";
import { type GivenSockets, tellLeft } from "../listening/given_sockets.ts";
import { logOf } from "../log/log.ts";
import type { LogPrograms } from "../log/log_targets.ts";
import { selfCommand } from "../processes/own_command.ts";
import { ProcessSet } from "../processes/process_set.ts";
import { GRACE, type SupervisedProcess } from "../processes/supervised_process.ts";
import { encodeInstructions } from "../tls/instructions.ts";
import { TicketKeys } from "../tls/ticket_keys.ts";
import { commandArguments } from "./backend_arguments.ts";

function declared(config: Config): Backend[] {
  return config.backends.filter(({ runs }) => runs !== undefined);
}

/** A backend that serves. */
interface Member {
  readonly process: SupervisedProcess;
  /** What it was started with. */
  readonly args: readonly string[];
}

/** What was started at new paths, by socket. */
export type AddedBackends = ReadonlyMap<string, Member>;

/** What has become of following a configuration. */
export interface Followed {
  /** The processes that are not needed any more; to be stopped now that no front uses them. */
  readonly leaving: readonly SupervisedProcess[];
  /** Why something could not be replaced, a sentence each. */
  readonly failures: readonly string[];
}

/** The backends of one `up`. Told apart by their sockets: that is what a front finds them by, whatever they are called. */
export class DeclaredBackends {
  readonly #log = logOf("up");
  /** By socket: what serves there by the configuration in force. */
  #members: ReadonlyMap<string, Member> = new Map();
  readonly #processes = new ProcessSet();
  /** Where each of them serves. */
  readonly #sockets = new WeakMap<SupervisedProcess, string>();
  /** By socket: what handshakes go by there. */
  readonly #handshakes = new Map<string, Tls>();
  readonly #ticketKeys = new TicketKeys();
  /** By path: what a service manager listens at for a backend. Here for good: what is queued there outlives each process. */
  readonly #given = new Map<string, Descriptor>();

  /**
   * @param logs where their lines go
   * @param given what this process was started with
   */
  constructor(readonly logs: LogPrograms, readonly given: GivenSockets) {}

  /**
   * Starts what a configuration declares.
   *
   * @returns when all of it is ready; rejects when something cannot start
   */
  async start(config: Config): Promise<void> {
    this.#members = new Map(
      declared(config).map((backend) => [backend.socket, this.#launch(backend, config)]),
    );
    await Promise.all([...this.#members.values()].map(({ process }) => process.ready));
    this.#ticketKeys.rotate(() => this.#changeTicketKeys());
  }

  #launch(backend: Backend, config: Config, extra: readonly string[] = []): Member {
    if (this.#processes.stopping) {
      throw new Error(`Cannot start backend ${backend.name}: everything is being stopped`);
    }
    const given = this.#givenFor(backend.socket);
    const args = commandArguments(backend, config, this.logs, [...extra, ...givenArguments(given)]);
    makeSocketDirectory(backend.socket.slice(0, backend.socket.lastIndexOf("/")) || "/");
    const several = backend.workers > 1;
    if (backend.runs?.kind === "tls") this.#handshakes.set(backend.socket, backend.runs);
    const process = this.#processes.start({
      ...selfCommand(several ? "dealer" : backend.runs!, args),
      name: `backend ${backend.name}`,
      ...backend.runs?.kind === "tls" ? { instructions: () => this.#instructions(backend.socket) } : {},
      ...given === undefined ? {} : { inherits: given },
      log: this.#log,
      ownGroup: true,
      // One of several processes must have the time to kill those of its own that hang.
      killAfter: config.limits.drainTimeout + (several ? 2 * GRACE : GRACE),
    });
    this.#sockets.set(process, backend.socket);
    return { process, args: commandArguments(backend, config, this.logs) };
  }

  #givenFor(path: string): Descriptor | undefined {
    const [found] = this.given.take(({ sort, address, type }) =>
      sort === "listener" && address === path && type === SOCK_SEQPACKET
    );
    if (found !== undefined) this.#given.set(path, found.fd);
    return this.#given.get(path);
  }

  /** Says of what nobody has taken what may have been meant, and closes it. */
  tellLeft(config: Config): void {
    tellLeft(this.given, this.#log, (socket) => {
      const advice = declared(config).map((backend) => adviceFor(socket, backend, SOCK_SEQPACKET));
      return advice.find((text) => text !== undefined);
    });
  }

  #instructions(socket: string): string {
    const settings = this.#handshakes.get(socket)!;
    return encodeInstructions({ settings, ticketKeys: this.#ticketKeys.current });
  }

  /**
   * Has handshakes go by a new configuration, and read keys and certificates again. Who shakes hands stays: nobody whose
   * connection it holds is cut off.
   *
   * @throws {Error} when a file cannot be used: everything is as it was before
   */
  async #instruct(config: Config): Promise<void> {
    for (const { socket, runs } of declared(config)) {
      const process = this.#members.get(socket)?.process;
      if (runs?.kind !== "tls" || process === undefined) continue;
      const before = this.#handshakes.get(socket)!;
      this.#handshakes.set(socket, runs);
      try {
        await process.instruct(this.#instructions(socket));
      } catch (error) {
        this.#handshakes.set(socket, before);
        throw error;
      }
    }
  }

  /** Tells those who shake hands of new keys of tickets. They have refused none so far, and say so if they do. */
  #changeTicketKeys(): void {
    for (const [socket, { process }] of this.#members) {
      if (!this.#handshakes.has(socket)) continue;
      process.instruct(this.#instructions(socket)).catch((error) => {
        this.#log.warn("ticket-keys-stay", "the keys of tickets stay as they are: {reason}", {
          reason: reasonOf(error),
        });
      });
    }
  }

  /**
   * Starts what a new configuration has at new paths. That takes nothing from anybody, and can be undone.
   *
   * @param before the configuration in force
   * @returns to be given to {@linkcode follow} or {@linkcode undo}
   * @throws when something cannot start, or a key or certificate cannot be used: everything is as it was before then
   */
  async add(config: Config, before: Config): Promise<AddedBackends> {
    await this.#instruct(config);
    const added = new Map<string, Member>();
    const backends = declared(config).filter(({ socket }) => !this.#members.has(socket));
    try {
      for (const backend of backends) {
        // Of an earlier configuration, and not done yet: it may listen still.
        const left = [...this.#processes.all].some((process) =>
          this.#sockets.get(process) === backend.socket
        );
        added.set(backend.socket, this.#launch(backend, config, left ? ["--take-over"] : []));
      }
      await Promise.all([...added.values()].map(({ process }) => process.ready));
      return added;
    } catch (error) {
      await this.undo(added, before);
      throw error;
    }
  }

  /**
   * Stops what was added: the new configuration is not used after all.
   *
   * @param before the configuration in force
   */
  async undo(added: AddedBackends, before: Config): Promise<void> {
    await this.retire([...added.values()].map(({ process }) => process));
    await this.#instruct(before).catch((error) => {
      this.#log.error(
        "certificates-failed",
        "handshakes do not go by the old configuration again: {reason}",
        {
          reason: reasonOf(error),
        },
      );
    });
  }

  /**
   * Keeps what was added beside everything else: whether it is used is not known.
   *
   * @param added what {@linkcode add} has started
   */
  keep(added: AddedBackends): void {
    this.#members = new Map([...this.#members, ...added]);
  }

  /**
   * Follows a configuration that the front goes by: replaces what has changed, or runs a module that may have. A
   * replacement takes the path over before the old process is asked to finish, so nobody finds the path empty; one that
   * cannot start is reported, and the old process stays.
   *
   * @param added what {@linkcode add} has started for it
   */
  async follow(config: Config, added: AddedBackends): Promise<Followed> {
    const before = this.#members;
    const members = new Map(added);
    const leaving: SupervisedProcess[] = [];
    const failures: string[] = [];
    for (const backend of declared(config)) {
      const old = before.get(backend.socket);
      if (old === undefined) continue;
      const member = await this.#renew(backend, config, old, failures);
      members.set(backend.socket, member);
      if (member !== old) leaving.push(old.process);
    }
    for (const [socket, { process }] of before) if (!members.has(socket)) leaving.push(process);
    this.#members = members;
    return { leaving, failures };
  }

  /**
   * What serves at a path from now on: the old process, or one that has taken over from it.
   *
   * @param failures gets the reason where that cannot be
   */
  async #renew(backend: Backend, config: Config, old: Member, failures: string[]): Promise<Member> {
    const same = old.args.join("\n") === commandArguments(backend, config, this.logs).join("\n");
    if (same && !programOf(backend.runs!).reloads) return old;
    try {
      const member = this.#launch(backend, config, ["--take-over"]);
      await this.#processes.ready(member.process);
      return member;
    } catch (error) {
      const reason = reasonOf(error);
      failures.push(`${reason}; the one that runs stays`);
      if (!this.#processes.stopping) {
        this.#log.error("backend-stays", "{reason}; the one that runs stays", { reason });
      }
      return old;
    }
  }

  /** Stops processes that are not needed any more. @returns when they have ended */
  retire(processes: readonly SupervisedProcess[]): Promise<void> {
    return this.#processes.retire(processes);
  }

  /** Has all of them open their logs anew. */
  reopen(): void {
    this.#processes.reopen();
  }

  /** Stops everything, what is being started or retired included. @returns when all have ended */
  stop(): Promise<void> {
    return this.#processes.stop();
  }

  /** Ends everything at once, by force. */
  kill(): void {
    this.#processes.kill();
  }
}
