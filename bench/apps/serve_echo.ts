/** The WebSocket server that fdpass is compared with: echo.ts. usage: serve_echo.ts PORT */

import echo from "./echo.ts";

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} }, echo.fetch);
