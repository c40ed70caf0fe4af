/** The thread that codes: what takes milliseconds takes them from no other connection. */

import type { CompressionCoding } from "../../config/compression.ts";
import { Coder, codeWhole, type Following } from "./coder.ts";

/** What the thread is asked. Pieces of one response carry its number; the content of another one is all there. */
export type Work =
  | {
    readonly of: "response";
    readonly id: number;
    readonly coding: CompressionCoding;
    readonly level: number;
  }
  | {
    readonly of: "piece";
    readonly id: number;
    readonly piece: Uint8Array<ArrayBuffer>;
    readonly following: Following;
  }
  | {
    readonly of: "whole";
    readonly id: number;
    readonly content: Uint8Array<ArrayBuffer>;
    readonly coding: CompressionCoding;
    readonly level: number;
  }
  | { readonly of: "close"; readonly id: number };

/** What it answers, to a piece and to a whole. */
export interface Done {
  readonly id: number;
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Why it could not. */
  readonly why?: string;
}

// The types of the window are those in force, and a worker's own cannot stand beside them.
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Work>) => void;
  postMessage(message: Done, transfer: Transferable[]): void;
};
const coders = new Map<number, Coder>();

scope.onmessage = ({ data: work }) => {
  const { id } = work;
  switch (work.of) {
    case "response":
      coders.set(id, new Coder(work.coding, work.level));
      return;
    case "close":
      coders.get(id)?.close();
      coders.delete(id);
      return;
    case "whole":
      return answer(id, Promise.resolve(work).then((all) => [codeWhole(all.content, all.coding, all.level)]));
    case "piece":
      return answer(
        id,
        coders.get(id)?.code(work.piece, work.following) ?? Promise.reject("its beginning is lost"),
      );
  }
};

function answer(id: number, coded: Promise<readonly Uint8Array<ArrayBuffer>[]>): void {
  coded.then((pieces) => {
    // They are views of memory that the library goes on writing to, which stays here. A Buffer's slice() would not copy.
    const own = pieces.map((piece) => new Uint8Array(piece));
    scope.postMessage({ id, pieces: own }, own.map(({ buffer }) => buffer));
  }, (error) => scope.postMessage({ id, pieces: [], why: String(error) }, []));
}
