/** Which site something has happened on. */

import type { AboutSite } from "../../logs/rules.ts";

/** A connection, as far as it says where it belongs. */
interface Placed {
  readonly transfer: { readonly site: string };
  readonly local: { readonly port: number };
}

/** The site that a connection came to: a message about it may go to a log of that site's own. */
export function aboutSite({ transfer, local }: Placed): AboutSite {
  return { site: transfer.site, port: local.port };
}
