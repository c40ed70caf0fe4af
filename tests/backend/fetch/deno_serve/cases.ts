/** All that is compared. */

import type { Case } from "./case.ts";
import { CLIENTS } from "./clients.ts";
import { REQUESTS } from "./requests.ts";
import { RESPONSES } from "./responses.ts";

export const CASES: readonly Case[] = [...RESPONSES, ...REQUESTS, ...CLIENTS];
