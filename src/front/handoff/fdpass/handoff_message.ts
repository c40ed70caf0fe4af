/** The HANDOFF as it is sent: one buffer for all hand-offs of a data plane, filled in per connection. */

import {
  addressOf,
  libc,
  monotonicMicroseconds,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  RightsSender,
  settle,
} from "../../../../ffi/mod.ts";
import type { Descriptor } from "../../../../ffi/mod.ts";
import type { PathNormalizer } from "../../../route/path.ts";
import { writeFieldHead } from "../../../protocol/fields.ts";
import {
  FIELD_PATH,
  FIELD_PEER,
  FIELD_PREREAD,
  FIELD_TIMES,
  HANDOFF,
  MAX_PATH,
  PEER_ADDRESS,
  PEER_FLAGS,
  PEER_LIST,
  SIZE_ADDRESS,
  SIZE_FIELD,
  SIZE_PEER,
  SIZE_TIMES,
  SIZE_TRANSFER,
  TRANSFER_CLIENT,
  TRANSFER_DETAIL,
  TRANSFER_GENERATION,
  TRANSFER_ID,
  TRANSFER_KEEP_ALIVE,
  TRANSFER_REQUESTS,
} from "../../../protocol/messages.ts";
import { writeTimes } from "../../../protocol/times_field.ts";
import { startTransfer } from "../../../protocol/transfer.ts";
import type { Connection } from "../../connection/connection.ts";
import type { RouteTerms } from "../../look/look.ts";

const { sendmsg } = libc;

// The parts of the message in the order of their iovecs; part 0 is the fixed one.
const ROUTE = 1;
const PATH = 2;
/** What comes behind, if anything does: who has connected, TLS, preread. */
const MORE = 3;

const SLASH = 0x2f;

/** The value of the field `times`, which follows the fixed part in the same memory. */
const TIMES = SIZE_TRANSFER + SIZE_FIELD;

/**
 * The message's memory. The parts are gathered by the kernel: what is the same for every hand-off of a route is
 * encoded once and only pointed to.
 */
export class HandoffMessage {
  readonly #fixed = new Uint8Array(TIMES + SIZE_TIMES);
  readonly #view = new DataView(this.#fixed.buffer);
  readonly #path = new Uint8Array(SIZE_FIELD + MAX_PATH);
  readonly #peer = new Uint8Array(SIZE_FIELD + SIZE_PEER);
  readonly #peerAddress = addressOf(this.#peer);
  readonly #prereadHead = new Uint8Array(SIZE_FIELD);
  readonly #prereadHeadAddress = addressOf(this.#prereadHead);
  readonly #sender: RightsSender;

  /** Microseconds between the clock that all processes share and the loop's. */
  readonly #offset: number;

  /**
   * @param clock the loop's, in milliseconds
   * @param worker which of the front's Workers this is, counted from 1
   */
  constructor(clock: () => number, readonly worker: number) {
    this.#offset = Number(monotonicMicroseconds()) - clock() * 1_000;
    startTransfer(this.#fixed, HANDOFF);
    writeFieldHead(this.#fixed, SIZE_TRANSFER, FIELD_TIMES, SIZE_TIMES);
    writeFieldHead(this.#peer, 0, FIELD_PEER, SIZE_PEER);
    const placeholder = new Uint8Array(1);
    this.#sender = new RightsSender([
      this.#fixed,
      placeholder,
      this.#path,
      placeholder,
      placeholder,
      placeholder,
      placeholder,
    ]);
  }

  /**
   * Sends a connection.
   *
   * @param socket the channel
   * @param id what the acknowledgement will name
   * @param now the loop's time
   * @param path the request's path, of which the route's prefix is left out
   * @returns bytes sent, or `-errno`
   */
  send(
    socket: Descriptor,
    id: number,
    generation: number,
    connection: Connection,
    route: RouteTerms,
    path: PathNormalizer,
    now: number,
  ): number {
    const fixed = this.#fixed;
    const { header } = this.#sender;
    this.#view.setUint32(TRANSFER_ID, id);
    this.#view.setUint32(TRANSFER_GENERATION, generation);
    this.#view.setUint16(TRANSFER_REQUESTS, connection.requests);
    fixed[TRANSFER_DETAIL] = route.scope;
    fixed[TRANSFER_KEEP_ALIVE] = route.keepAlive;
    // Both, as TRANSFER_LOCAL follows at once.
    const { addresses, at } = connection;
    for (let i = 0; i < 2 * SIZE_ADDRESS; i++) fixed[TRANSFER_CLIENT + i] = addresses[at + i]!;
    const { arrivedAt, wholeAt, waitsSince, attempts } = connection;
    writeTimes(
      this.#view,
      TIMES,
      this.#offset + arrivedAt * 1_000,
      (wholeAt - arrivedAt) * 1_000,
      waitsSince === 0 ? 0 : (now - waitsSince) * 1_000,
      attempts,
      this.worker,
    );
    header.setPart(ROUTE, route.fields, route.fieldsAddress);
    header.setLength(PATH, this.#writePath(path, route));
    this.#setMore(connection);
    this.#sender.descriptor = connection.fd;
    return settle(sendmsg(socket, header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  /** Writes the path below the route's prefix, or what the route maps it to; returns the field's length. */
  #writePath(path: PathNormalizer, { cut, base }: RouteTerms): number {
    const out = this.#path;
    const { bytes, end } = path;
    let at = SIZE_FIELD;
    for (let from = 0; from < base.length; from++) out[at++] = base[from]!;
    // The prefix `/a` covers `/a` itself too: nothing is left of that but the root.
    if (path.start + cut >= end && at === SIZE_FIELD) out[at++] = SLASH;
    for (let from = path.start + cut; from < end; from++) out[at++] = bytes[from]!;
    writeFieldHead(out, 0, FIELD_PATH, at - SIZE_FIELD);
    return at;
  }

  #setMore(connection: Connection): void {
    const { tls, preread } = connection;
    const { header } = this.#sender;
    let count = MORE;
    if (connection.hasPeer) {
      this.#writePeer(connection);
      header.setPart(count++, this.#peer, this.#peerAddress);
    }
    if (tls.length > 0) header.setPart(count++, tls, addressOf(tls));
    if (preread.length > 0) {
      writeFieldHead(this.#prereadHead, 0, FIELD_PREREAD, preread.length);
      header.setPart(count++, this.#prereadHead, this.#prereadHeadAddress);
      header.setPart(count++, preread, addressOf(preread));
    }
    header.setPartCount(count);
  }

  #writePeer({ addresses, peerAt, trustList, peerFlags }: Connection): void {
    const out = this.#peer;
    for (let i = 0; i < SIZE_ADDRESS; i++) out[SIZE_FIELD + PEER_ADDRESS + i] = addresses[peerAt + i]!;
    out[SIZE_FIELD + PEER_LIST] = trustList >> 8;
    out[SIZE_FIELD + PEER_LIST + 1] = trustList & 255;
    out[SIZE_FIELD + PEER_FLAGS] = peerFlags;
  }
}
