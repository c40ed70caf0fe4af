/** How long the request heads may be that backends read. */

import { MAX_HEAD } from "../../config/json/limits.ts";
import type { HeadLimits } from "../../http/request_head.ts";

/** As wide as any front's can be: what a front has let through is not refused here. */
export const WIDEST_HEAD: HeadLimits = { requestLine: MAX_HEAD, head: MAX_HEAD };
