/** What a server of requests says of itself on behalf of its handler. */

import type { Home } from "../connection/home.ts";
import type { RequestHandler } from "./request_handler.ts";

/** Passes on what concerns the handler alone, as {@linkcode ConnectionServer} has it. */
export abstract class HandlerServer {
  constructor(readonly handler: RequestHandler) {}

  begin(home: Home): void {
    this.handler.begin?.(home);
  }

  full(accepted: number): boolean {
    return this.handler.full?.(accepted) ?? false;
  }

  get busy(): boolean {
    return this.handler.busy ?? false;
  }

  get selfContained(): boolean {
    return this.handler.selfContained ?? false;
  }

  async abandon(force: boolean): Promise<void> {
    await this.handler.abandon?.(force);
  }

  forget(): void {
    this.handler.forget?.();
  }
}
