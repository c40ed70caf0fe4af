/** The example of the configuration's documentation, and what it means. */

import { type Config, DEFAULT_LIMITS } from "../../src/config/config.ts";

export const EXAMPLE = `{ "listen": ["127.0.0.1:8080"],
  "sites": [{ "names": ["example.com", "*.example.com"],
              "routes": [{ "path": "/files/", "to": "fd:///run/app/files.sock" },
                         { "path": "/", "to": ["fd:///run/app/web-1.sock", "fd:///run/app/web-2.sock"] }] }],
  "backends": { "files": { "socket": "/run/app/files.sock", "static": "./public" },
                "web-1": { "socket": "/run/app/web-1.sock", "fetch": "./app.ts", "workers": 2 } } }
`;

/** With `/etc/fdpass` as its base directory. */
export const EXAMPLE_CONFIG: Config = {
  listeners: [{
    host: "127.0.0.1",
    port: 8080,
    sites: [{
      names: ["example.com", "*.example.com"],
      routes: [
        { path: "/files/", backends: ["files"] },
        { path: "/", backends: ["web-1", "web-2"] },
        { path: "/files", backends: [] },
      ],
      rules: {
        sections: [{ place: { routes: [2] }, redirects: [{ status: 301, to: "/files/" }] }],
        serverName: "example.com",
      },
    }],
  }],
  backends: [
    {
      name: "files",
      socket: "/run/app/files.sock",
      runs: { kind: "static", directory: "/etc/fdpass/public" },
      workers: 1,
    },
    {
      name: "web-1",
      socket: "/run/app/web-1.sock",
      runs: { kind: "fetch", module: "/etc/fdpass/app.ts" },
      workers: 2,
    },
    { name: "web-2", socket: "/run/app/web-2.sock", workers: 1 },
  ],
  limits: DEFAULT_LIMITS,
  allowUsers: [],
};
