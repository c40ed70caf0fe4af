/** The options of the kind `tls`. */

import { Option } from "commander";
import type { KindOptions } from "./kind.ts";

export const tlsOptions: KindOptions = {
  choice: new Option("--tls <config>", "do the TLS handshakes of a configuration's addresses"),
  more: [],
  read(values) {
    const { tls: source } = values as { readonly tls: string };
    return { kind: "tls", listeners: [], timeout: 0, source };
  },
};
