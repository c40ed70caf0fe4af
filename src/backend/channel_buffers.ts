/** Where messages are read into. */

import { RightsReceiver } from "../../ffi/mod.ts";
import { MAX_MESSAGE } from "../protocol/messages.ts";

/** What every channel of a backend reads into: one buffer, used within one call only. */
export class ChannelBuffers {
  // One byte more than a message may have, so that a longer one is seen as such.
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(MAX_MESSAGE + 1);
  readonly view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  readonly receiver: RightsReceiver = new RightsReceiver(this.bytes);
}
