/** What a backend has to tell. */

import type { OutputEvent } from "../output/line_file.ts";
import type { Missing } from "../wire/missing_descriptor.ts";

/** What a backend tells people. */
export type BackendEvent =
  | OutputEvent
  | { readonly type: "front-found"; readonly process: number; readonly name: string }
  | { readonly type: "front-lost"; readonly name: string; readonly reason: string; readonly fault: boolean }
  | { readonly type: "front-refused"; readonly uid: number }
  | { readonly type: "fronts"; readonly channels: number }
  | { readonly type: "compression-failed"; readonly reason: string }
  | { readonly type: "handoff-refused"; readonly reason: string }
  | { readonly type: "descriptors"; readonly why: Missing };
