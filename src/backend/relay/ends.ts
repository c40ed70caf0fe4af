/** The two connections between which a relay passes bytes on, as whoever passes them on sees either. */

import type { Descriptor } from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Waiter } from "../../loop/socket_readiness.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import { room, roomSize } from "./relay_buffer.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { UpstreamError } from "./upstream_error.ts";

/** What may be wrong with an end: it is broken, it takes nothing in time, or sends nothing. */
export type Fault = "gone" | "stuck" | "silent";

/** One of the two. Everything here is done without a wait. */
export interface End {
  readonly fd: Descriptor;
  readonly closed: boolean;
  /** Whether what comes may be no data, which splice(2) refuses (EINVAL, EIO): who receives it knows what it is. */
  readonly hasRecords: boolean;
  /** How long it may take nothing. */
  readonly patience: Deadlines;
  /** Receives into the shared buffer; bytes, 0 at the end, or `-errno`. */
  receive(): number;
  /** Gives it the first so many bytes; their number, or `-errno`. */
  send(bytes: Uint8Array<ArrayBuffer>, size: number): number;
  /** Notes bytes that the kernel has passed on. */
  passed(taken: number, given: number): void;
  whenReadable(reader: Waiter): boolean;
  whenWritable(writer: Waiter): boolean;
  /** Says that nothing more will be sent to it. */
  endSending(): void;
  error(fault: Fault): Error;
}

const CLIENT: { readonly [Which in Fault]: string } = {
  gone: "Cannot go on: the client is gone",
  stuck: "Cannot send: the client read nothing in time",
  silent: "Cannot receive: the client sent nothing in time",
};

/** The client's end. */
export class ClientEnd implements End {
  readonly fd: Descriptor;
  readonly hasRecords: boolean;
  readonly patience: Deadlines;

  constructor(readonly client: Connection) {
    this.fd = client.fd;
    this.hasRecords = client.kernelTls;
    this.patience = client.home.times.stall;
  }

  get closed(): boolean {
    return this.client.closed;
  }

  receive(): number {
    return this.client.receive(room, roomSize);
  }

  send(bytes: Uint8Array<ArrayBuffer>, size: number): number {
    return this.client.sendFirst(bytes, size, false);
  }

  passed(taken: number, given: number): void {
    this.client.received += taken;
    this.client.sent += given;
  }

  whenReadable(reader: Waiter): boolean {
    return this.client.whenReadable(reader);
  }

  whenWritable(writer: Waiter): boolean {
    return this.client.whenWritable(writer);
  }

  endSending(): void {
    this.client.endSending();
  }

  error(fault: Fault): ConnectionLost {
    return new ConnectionLost(CLIENT[fault]);
  }
}

/** The upstream's end. */
export class UpstreamEnd implements End {
  readonly fd: Descriptor;
  readonly hasRecords = false;

  constructor(readonly upstream: UpstreamConnection, readonly patience: Deadlines) {
    this.fd = upstream.fd;
  }

  get closed(): boolean {
    return this.upstream.closed;
  }

  receive(): number {
    return this.upstream.receive(room.byteLength);
  }

  send(bytes: Uint8Array<ArrayBuffer>, size: number): number {
    return this.upstream.send(bytes, false, size);
  }

  passed(): void {}

  whenReadable(reader: Waiter): boolean {
    return this.upstream.whenReadable(reader);
  }

  whenWritable(writer: Waiter): boolean {
    return this.upstream.whenWritable(writer);
  }

  endSending(): void {
    this.upstream.endSending();
  }

  error(fault: Fault): UpstreamError {
    if (this.closed) return new UpstreamError("its connection was closed here");
    if (fault === "gone") return this.upstream.broken();
    return new UpstreamError(
      fault === "stuck" ? "it did not take the request in time" : "it did not respond in time",
      504,
    );
  }
}
