/** What a front does when it is asked to at its control socket. */

import { type ControlAnswer, DONE, FAILED } from "../../protocol/control.ts";
import type { Descriptor } from "../../../ffi/mod.ts";
import type { Obey } from "../socket/control_socket.ts";

/** What is said while another front takes over. */
export const NOT_NOW: ControlAnswer = {
  code: FAILED,
  text: "Cannot change anything while another front takes over; ask that one",
};

/** What a front can be asked for. */
export interface Commanded {
  /** Reads the configuration again. */
  reload(): Promise<ControlAnswer>;
  /** Opens logs anew. */
  reopen(): void;
  /** How it is. */
  status(): unknown;
  /** Hands nothing new to a backend, or does so again. */
  drainBackend(name: string, on: boolean, force?: boolean): Promise<ControlAnswer>;
  /** Gives everything to a front that takes over. @param detach see {@linkcode Obey} */
  giveOver(detach: () => Descriptor): Promise<ControlAnswer>;
  /** Starts a front that takes over. */
  upgrade(timeout?: number): Promise<ControlAnswer>;
}

/** Answers requests with what a front does. */
export function obeying(front: Commanded): Obey {
  return async ({ command, backend = "", force, timeout }, detach) => {
    switch (command) {
      case "reload":
        return await front.reload();
      case "reopen":
        front.reopen();
        return { code: DONE, text: "logs are being opened anew" };
      case "status":
        return { code: DONE, text: "", status: front.status() };
      case "drain":
      case "undrain":
        return await front.drainBackend(backend, command === "drain", force);
      case "upgrade":
        return await front.upgrade(timeout);
      case "take-over":
        return await front.giveOver(detach);
    }
  };
}
