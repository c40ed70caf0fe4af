// What the machine is to do, done here once: Deno keeps what it has found out about modules, and what it has made of them.
import { client, SecureSite } from "../e2e/tls/site.ts";

await using site = await SecureSite.start();
const urls = ["/files/a.txt", "/x", "/cgi/x", "/relay/x"].map((path) => site.url + path);
await client("curl", ["-sS", "--noproxy", "*", "--cacert", site.authority, ...urls]);
await site.up.stopCleanly();
