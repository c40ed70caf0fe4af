/** A front's side of sockets that its supervisor keeps. */

import {
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  encodeUnixAddress,
  formatAddress,
  localAddress,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import { ListenError } from "../../backend/channel/listener.ts";
import type { Loop } from "../../loop/loop.ts";
import { Talk } from "../socket/talk.ts";
import type { Asked } from "./keeper.ts";
import type { ListenerSource } from "./listener_source.ts";
import type { OpenListener, WantedListener } from "./open_listener.ts";

/** Asks a {@linkcode ListenerKeeper}. The connection lasts as long as the front: its end says that the front has gone. */
export class KeptListeners implements ListenerSource {
  #talk: Talk | undefined;

  /** @param path where the supervisor is asked. The loop is run by the caller */
  constructor(readonly loop: Loop, readonly path: string) {}

  #connected(): Talk {
    if (this.#talk !== undefined) return this.#talk;
    const fd = unixSocket(SOCK_SEQPACKET);
    const result = connectUnix(fd, encodeUnixAddress(this.path));
    if (result < 0) {
      close(fd);
      throw new ListenError(`Cannot ask for listening sockets at "${this.path}": ${describeErrno(-result)}`);
    }
    return this.#talk = new Talk(this.loop, fd, "the supervisor");
  }

  async open(wanted: readonly WantedListener[], workers: number): Promise<readonly OpenListener[]> {
    const asked = wanted.map(({ host, port }) => ({ host, port }));
    const talk = await this.#ask({ type: "open", wanted: asked, workers });
    const sockets = new Map<string, Descriptor[]>();
    for (;;) {
      const { message, fd } = await talk.hear();
      if (message.type === "fault") throw new ListenError(String(message.reason));
      if (message.type === "done") break;
      const key = String(message.key);
      if (fd !== undefined) sockets.set(key, [...sockets.get(key) ?? [], fd]);
    }
    return [...sockets].map(([key, own]) => ({
      key,
      address: formatAddress(localAddress(own[0]!)!),
      sockets: own,
    }));
  }

  async keep(keys: readonly string[]): Promise<void> {
    await (await this.#ask({ type: "keep", keys })).hear();
  }

  /**
   * Gives the supervisor a copy of a channel, so that a backend can acknowledge what this process handed over even when it
   * was killed since.
   *
   * @param fd this object's from now on
   */
  keepChannel(fd: Descriptor): void {
    // Nothing is served less without: the end of the supervisor is noticed elsewhere.
    this.#connected().say({ type: "channel" } satisfies Asked, fd).catch(() => {}).finally(() => close(fd));
  }

  async #ask(asked: Asked): Promise<Talk> {
    const talk = this.#connected();
    await talk.say(asked);
    return talk;
  }
}
