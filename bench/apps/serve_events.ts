/** The HTTP server that the proxies have behind them: events.ts. usage: serve_events.ts PORT */

import events from "./events.ts";

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} }, events.fetch);
