/**
 * A SvelteKit app, built with the adapter for Deno: what its server.ts gives to `Deno.serve`, exported.
 *
 * npm ci && npm run build
 * fdpass backend --socket /tmp/x.sock --fetch build/app.js
 */
import deploy from "./.deno-deploy/deploy.json" with { type: "json" };
import { prepareServer } from "./.deno-deploy/handler.ts";
import svelte from "./.deno-deploy/svelte.json" with { type: "json" };

// Static files are where the build has left them, wherever the backend is started.
const fetch = prepareServer(svelte, deploy, new URL("..", import.meta.url).pathname);

export default { fetch };
