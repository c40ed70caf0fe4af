/** The HTTP server that the proxies have behind them: hello.ts. usage: serve.ts PORT */

import hello from "./hello.ts";

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} }, hello.fetch);
