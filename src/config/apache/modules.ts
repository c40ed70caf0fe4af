/** Modules of httpd: which are loaded decides `<IfModule>`. */

/** Those that Debian's httpd, and most others, have compiled in. */
const COMPILED_IN = ["core", "so", "http", "log_config", "logio", "version", "unixd", "watchdog"];

/** Files whose name does not follow from the module's. */
const FILES: Readonly<Record<string, string>> = {
  "core.c": "core",
  "http_core.c": "http",
  "event.c": "mpm_event",
  "worker.c": "mpm_worker",
  "prefork.c": "mpm_prefork",
};

/** Modules whose work is done here, wholly or in part. */
const UNDERSTOOD = [
  "proxy",
  "proxy_http",
  "proxy_fdpass",
  "proxy_balancer",
  "proxy_wstunnel",
  "slotmem_shm",
  "lbmethod_byrequests",
  "lbmethod_bytraffic",
  "lbmethod_bybusyness",
  "reqtimeout",
  "headers",
  "expires",
  "rewrite",
  "alias",
  "env",
  "mime",
  "dir",
  "proxy_fcgi",
  "setenvif",
  "deflate",
  "brotli",
  "filter",
  "authz_core",
  "authz_host",
  "authz_user",
  "authz_groupfile",
  "authn_core",
  "authn_file",
  "auth_basic",
  "access_compat",
  "ssl",
  "socache_shmcb",
  "mpm_event",
  "mpm_worker",
  "mpm_prefork",
];

/** The modules that count as loaded. */
export class Modules {
  readonly #loaded = new Set(COMPILED_IN);
  /** A configuration that loads nothing is a part of one: then what is understood counts as loaded. */
  #loadsAny = false;

  /** Takes note of a LoadModule line. @param identifier `proxy_module` */
  load(identifier: string): void {
    this.#loadsAny = true;
    this.#loaded.add(identifier.toLowerCase().replace(/_module$/, ""));
  }

  /**
   * Whether the configuration is a whole one, which loads all that it has: no httpd serves without an MPM and mod_authz_core,
   * and distributions load both. Modules that it does not load are not there in httpd either.
   */
  get areAll(): boolean {
    return this.#loaded.has("authz_core") && [...this.#loaded].some((name) => name.startsWith("mpm_"));
  }

  /** Whether `<IfModule name>` holds. @param name `proxy_module` or `mod_proxy.c` */
  has(name: string): boolean {
    const plain = FILES[name] ?? name.replace(/^mod_(.*)\.c$/, "$1").replace(/_module$/, "");
    return this.#loaded.has(plain) || !this.#loadsAny && UNDERSTOOD.includes(plain);
  }
}
