/**
 * A front Worker: an isolate whose thread blocks in epoll_wait and does nothing but hand over connections.
 *
 * While it blocks it receives no messages. So the control plane posts a command and then adds one to the loop's eventfd;
 * the loop returns, the isolate receives as many commands as the eventfd counted, and the loop goes on.
 */

/// <reference lib="deno.worker" />

import { threadId } from "../../ffi/mod.ts";
import { Loop } from "../loop/loop.ts";
import { Counters } from "./core/counters.ts";
import { Ledger } from "./core/ledger.ts";
import { Front } from "./front.ts";
import type { Command, Report } from "./plan.ts";

const loop = new Loop();
let front: Front | undefined;
let pulse: Int32Array;
/** Commands that were announced and have not arrived. The first one, `start`, needs no announcement. */
let announced = 1;

function report(message: Report): void {
  self.postMessage(message);
}

function obey(command: Command): void {
  switch (command.type) {
    case "start": {
      const { plan, name, worker, family, supervised, succeeds } = command;
      const ledger = new Ledger(command.ledger);
      pulse = ledger.pulse;
      front = new Front({
        loop,
        name,
        worker,
        family,
        supervised,
        counters: new Counters(command.counters),
        ledger,
        rates: command.rates,
        clients: command.clients,
        plan,
        report,
      });
      if (succeeds) front.surrender();
      report({
        type: "ready",
        wake: loop.wakeDescriptor,
        epoll: loop.poller.descriptor,
        thread: threadId(),
      });
      return;
    }
    case "plan":
      front?.apply(command.plan);
      report({ type: "applied", generation: command.plan.generation });
      return;
    case "answered":
      front?.answered(command.key, command.finding);
      return;
    case "beat":
      return;
    case "reopen":
      front?.reopen();
      return;
    case "drain":
      front?.drain(command.keepsIdle);
      return;
    case "surrender":
      front?.surrender();
      return;
    case "take-in":
      front?.takeIn(command.connections, command.totals);
      return;
    case "resume":
      front?.resume();
      return;
    case "leave":
      front?.leave(command.kept, command.now);
      return;
    case "farewell":
      front?.farewell();
      return;
  }
}

self.onmessage = (event: MessageEvent<Command>) => {
  announced--;
  obey(event.data);
  if (announced > 0) return;
  loop.runUntilWoken(pulse);
  announced = loop.takeWoken();
};
