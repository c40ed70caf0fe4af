/** `fdpass front`: the control plane of a front. Configuration, Workers, signals, messages. */

import { adopt, type Descriptor, raiseDescriptorLimit } from "../../../ffi/mod.ts";
import type { Config } from "../../config/config.ts";
import type { Report } from "../../front/plan.ts";
import { AdminPlace } from "../admin/admin_place.ts";
import { reasonOf } from "../failure.ts";
import { logOf, print, reopenMessages } from "../log/log.ts";
import { Loop } from "../../loop/loop.ts";
import type { ControlAnswer } from "../../protocol/control.ts";
import { PrivateDirectory } from "../processes/private_directory.ts";
import { inheritManager, notify } from "../processes/notify.ts";
import { handleSignals } from "../processes/signals.ts";
import { givenToThisProcess, tellLeft } from "../listening/given_sockets.ts";
import { KeptListeners } from "../listening/kept_listeners.ts";
import { ownSource } from "../listening/stored_listeners.ts";
import { FrontHolder } from "../recovery/front_holder.ts";
import { Taking } from "../take_over/taking.ts";
import { Succession } from "../take_over/succession.ts";
import { controlPath, openControlSocket } from "../socket/control_path.ts";
import type { ControlSocket } from "../socket/control_socket.ts";
import { following } from "./bequest.ts";
import { type Commanded, NOT_NOW, obeying } from "./commands.ts";
import { drainWorkers } from "./draining.ts";
import { FrontGiver } from "./front_giver.ts";
import { FrontListeners } from "./front_listeners.ts";
import { FrontLogs } from "./front_logs.ts";
import type { FrontOptions } from "./front_options.ts";
import { FrontReload } from "./front_reload.ts";
import { FrontStore } from "./front_store.ts";
import { Greeting } from "./greeting.ts";
import { InForce } from "./in_force.ts";
import { HungWorkers } from "./hung_workers.ts";
import { Inquirer } from "./inquirer.ts";
import { type FrontStatus, Observed } from "./front_status.ts";
import { checkPermission } from "./permission.ts";
import { logReport } from "./reports.ts";
import { WorkerGroup } from "./worker_group.ts";

/** One front and its Workers. */
class FrontProcess implements Commanded {
  readonly #log = logOf("front");
  readonly #workers: WorkerGroup;
  readonly #reloading: FrontReload;
  /** Of the control plane: it waits beside promises. */
  readonly #loop = new Loop();
  #control: ControlSocket | undefined;
  readonly #admin = new AdminPlace(this.#loop, this, this.#log);
  readonly #inquirer = new Inquirer((reason) => {
    this.#log.error("passwords-failed", "passwords could not be checked: {reason}", { reason });
  });
  /** The supervisor, where there is one. */
  readonly #keeper: KeptListeners | undefined;
  readonly #holder: FrontHolder | undefined;
  readonly #listeners: FrontListeners;
  readonly #directory: PrivateDirectory;
  readonly #logs: FrontLogs;
  readonly #observed: Observed;
  readonly #inForce: InForce;
  #greeting: Greeting | undefined;
  readonly #store = new FrontStore(this.#loop, this.#log);
  readonly #hungWorkers: HungWorkers;
  #alive: ReturnType<typeof setInterval> | undefined;
  readonly #succession: Succession;
  #stopping = false;
  #ready: Promise<void> = Promise.resolve();
  readonly ended = Promise.withResolvers<number>();

  constructor(config: Config, readonly options: FrontOptions) {
    this.#directory = new PrivateDirectory(options.control.runDirectory);
    this.#logs = new FrontLogs(this.#loop, this.#directory, this.#log, options.logTargets);
    this.#workers = new WorkerGroup(options.workers, {
      reported: (report, worker) => this.#reported(report, worker),
      failed: (reason) => this.#failed(`a Worker ended by an error: ${reason}`),
    });
    this.#keeper = options.keeper === undefined ? undefined : new KeptListeners(this.#loop, options.keeper);
    this.#holder = this.#keeper && new FrontHolder(this.#loop, this.#keeper, () => this.#workers.ledgers);
    const source = this.#keeper ?? ownSource(givenToThisProcess());
    this.#listeners = new FrontListeners(source, options.workers);
    this.#observed = new Observed(options.workers);
    const followers = {
      workers: this.#workers,
      listeners: this.#listeners,
      admin: this.#admin,
      observed: this.#observed,
      logs: this.#logs,
    };
    this.#inForce = new InForce(config, followers);
    this.#reloading = new FrontReload({
      ...{ inForce: this.#inForce, listeners: this.#listeners, observed: this.#observed, log: this.#log },
      read: options.reload,
      ready: () => this.#ready,
      stopping: () => this.#stopping,
    });
    const giver = new FrontGiver(followers, () => ({
      ...this.#inForce.known,
      watchdog: this.#hungWorkers.watchdog,
      drained: [...this.#inForce.drained],
    }));
    this.#hungWorkers = new HungWorkers(this.#workers, this.#listeners, this.#inForce, this.#log, {
      busy: () => this.#stopping || this.#succession.busy,
      failed: (reason) => this.#failed(reason),
      replaced: () => this.#holder?.begin(),
    });
    this.#succession = new Succession(this.#loop, {
      giver,
      objection: () => this.#objection(),
      readsAgain: options.reload !== undefined,
      goOn: () => this.#control?.goOn(),
      end: () => this.ended.resolve(0),
    }, this.#log);
  }

  /** Opens the listeners, starts the Workers, and says so when they serve. */
  async start(): Promise<void> {
    checkPermission();
    raiseDescriptorLimit();
    void this.#loop.run();
    this.#inForce.openLogs();
    const taking = this.options.takeOver
      ? await Taking.begin(this.#loop, controlPath(this.options.control))
      : undefined;
    if (taking === undefined) await this.#startAlone();
    else await this.#succeed(taking);
    // A Worker that could not start has never become ready.
    if (!this.#workers.ready) return;
    this.#hungWorkers.begin();
    this.#alive = this.#keeper?.giveSignsOfLife();
    print(`fdpass front ready on ${this.#listeners.addresses}`);
    notify(`READY=1\nSTATUS=Serving on ${this.#listeners.addresses}`);
  }

  async #startAlone(): Promise<void> {
    this.#control = openControlSocket(this.#loop, this.options.control, obeying(this), this.#log);
    this.#inForce.goOnFrom(this.#store.find(givenToThisProcess()));
    await this.#inForce.listen();
    tellLeft(givenToThisProcess(), this.#log);
    await this.#startWorkers(false);
    if (!this.#workers.ready) return;
    await this.#store.takeIn(this.#workers);
    await this.#recover();
  }

  /** Goes on with what a front had that has died. */
  async #recover(): Promise<void> {
    const left = await this.#keeper?.left() ?? [];
    if (left.length > 0) this.#store.goOn(left, this.#workers);
  }

  /** A Worker that cannot start never becomes ready. */
  async #startWorkers(succeeds: boolean): Promise<void> {
    const place = { family: this.#inForce.family, supervised: this.#keeper !== undefined, succeeds };
    this.#ready = this.#workers.start((index) => this.#inForce.plan(index), place);
    this.#listeners.dealt();
    handleSignals(
      {
        drain: (signal) => void this.#drain(signal),
        reload: () => {
          this.#reloading.asked();
          void this.reload();
        },
        reopen: () => this.reopen(),
      },
      this.options.supervised,
    );
    await Promise.race([this.#ready, this.ended.promise]);
    if (this.#workers.ready) this.#holder?.begin();
  }

  /** Takes over: what can fail comes first, and until the other front has agreed nothing has changed for it. */
  async #succeed(taking: Taking): Promise<void> {
    const { offer } = taking;
    try {
      this.#inForce.goOnFrom(offer);
      this.#hungWorkers.watchdog ||= offer.watchdog;
      this.#inForce.drained = new Set(offer.drained);
      this.#greeting = new Greeting(this.options.workers * this.#inForce.config.backends.length);
      await this.#startWorkers(true);
      await this.#greeting.over;
      if (!this.#workers.ready) throw new Error("a Worker could not be started");
      givenToThisProcess().add(await taking.sockets(this.options.keeper === undefined));
      // What is opened beside sockets that are there gets clients at once, and would end with them if this is no front.
      await this.#listeners.change(
        this.#inForce.config.listeners,
        this.#keeper === undefined ? 1 : undefined,
      );
    } catch (error) {
      await taking.abort(reasonOf(error));
      throw error;
    }
    const { connections, totals } = await taking.take(this.#listeners.open.map(({ key }) => key));
    this.#admin.succeed(this.#inForce.config.admin, taking.takeAdmin());
    this.#listeners.widen();
    await this.#inForce.tell();
    this.#workers.resume(connections, totals);
    await this.#recover();
    givenToThisProcess().closeLeft();
    try {
      this.#control = openControlSocket(this.#loop, this.options.control, obeying(this), this.#log, true);
    } catch (error) {
      // It is the front by now.
      this.#log.info("control-missing", "no commands can be given: {reason}", { reason: reasonOf(error) });
    }
    taking.follow(following(this.#observed, this.#workers, totals)).then(() => this.#inForce.listen())
      .catch(
        (error) => this.#log.warn("admin-missing", "{reason}", { reason: reasonOf(error) }),
      );
    inheritManager(offer.manager);
    await taking.named;
    notify(`MAINPID=${Deno.pid}`);
  }

  #reported(report: Report, index: number): void {
    if (report.type === "question") {
      const { key, question, client } = report;
      return this.#inquirer.ask(question, client, (finding) => {
        this.#workers.tell(index, { type: "answered", key, finding });
      });
    }
    if (report.type === "channel") return this.#keeper?.keepChannel(adopt(report.fd));
    this.#greeting?.take(report, index);
    this.#observed.take(report, index);
    logReport(this.#log, report);
  }

  #failed(reason: string): void {
    this.#log.fatal("ended-by-error", "{reason}", { reason });
    this.ended.resolve(1);
  }

  /** Reads the configuration again. @returns what has become of that */
  reload(): Promise<ControlAnswer> {
    if (this.#succession.busy) return Promise.resolve(NOT_NOW);
    return this.#reloading.request();
  }

  /** Opens logs anew. */
  reopen(): void {
    reopenMessages();
    this.#workers.reopen();
  }

  /** How it is. */
  status(): FrontStatus {
    const listeners = this.#listeners.open.map(({ address }) => address);
    const { counters } = this.#workers;
    return this.#observed.status(this.#inForce.config, this.#inForce.drained, counters, {
      generation: this.#inForce.generation,
      listeners,
      draining: this.#stopping,
    });
  }

  /** Hands nothing new to a backend, or does so again: its kept connections too go elsewhere with their next request. */
  async drainBackend(name: string, on: boolean, force = false): Promise<ControlAnswer> {
    await this.#ready;
    if (this.#succession.busy) return NOT_NOW;
    return await this.#inForce.drain(name, on, force);
  }

  /** Why nothing may change at the moment. */
  #objection(): string | undefined {
    if (this.#stopping) return "it is coming to an end";
    if (this.#succession.busy) return "another front is taking over";
    return this.#reloading.busy ? "it reads its configuration" : undefined;
  }

  giveOver(detach: () => Descriptor): Promise<ControlAnswer> {
    return this.#succession.giveOver(detach);
  }

  upgrade(timeout?: number): Promise<ControlAnswer> {
    return this.#succession.upgrade(timeout);
  }

  /** Ends what is not the Workers'. @param failed whether another process is to go on with what this one has */
  async close(failed: boolean): Promise<void> {
    if (!failed) await this.#holder?.end();
    this.#hungWorkers.end();
    clearInterval(this.#alive);
    this.#admin.close();
    this.#observed.pages.close();
    this.#control?.close(!this.#succession.succeeded);
    await this.#logs.close();
    this.#directory.remove();
    this.#loop.stop();
  }

  async #drain(signal: string): Promise<void> {
    this.#stopping = true;
    await this.#ready;
    this.#log.info("stopping", "{signal}: finishing what is under way", { signal });
    notify("STOPPING=1");
    const { known, config } = this.#inForce;
    const patience = config.limits.drainTimeout;
    await drainWorkers(this.#workers, this.#keeper ?? this.#store, { patience, known, log: this.#log });
    this.ended.resolve(0);
  }
}

/**
 * Runs a front until it is told to stop.
 *
 * @returns the exit code
 * @throws {ErrnoError} when an address cannot be listened on
 */
export async function runFront(config: Config, options: FrontOptions): Promise<number> {
  const front = new FrontProcess(config, options);
  let code = 1;
  try {
    await front.start();
    return code = await front.ended.promise;
  } finally {
    await front.close(code !== 0);
  }
}
