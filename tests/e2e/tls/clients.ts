/**
 * What clients that nobody here wrote get over TLS: files, a handler, a stream of events, a CGI program, a relay and a
 * WebSocket, each at its own route, on one kept connection; TLS 1.2 and 1.3, and once more in the same session.
 */

import assert from "node:assert/strict";
import { isInstalled, OtherProgram } from "../../support/other_programs.ts";
import { get } from "../../support/raw_client.ts";
import { until } from "../../support/waiting.ts";
import { GO, NODE, PYTHON } from "./client_programs.ts";
import { client, NAME, type SecureSite } from "./site.ts";

/** `/x` is asked twice, since it says from which port: a connection has one. */
const PATHS = ["/files/a.txt", "/cgi/x", "/relay/x", "/x", "/events", "/x"];

const VERSIONS = ["1.2", "1.3"] as const;

function check(texts: readonly string[], version: string, resumed: boolean): void {
  const [file, cgi, relayed, told, events, again] = texts.map((text) => text.trim());
  assert.deepEqual(
    [file, cgi, relayed, events],
    ["a file", `on TLSv${version} https`, "relayed https", "data: one\n\ndata: two"],
  );
  const { url, tls, port } = JSON.parse(told!);
  assert.match(url, /^https:\/\/localhost:\d+\/x$/);
  assert.deepEqual([tls.protocol, tls.resumed, tls.serverName], [`TLSv${version}`, resumed, NAME]);
  assert.equal(JSON.parse(again!).port, port, "all of it came on one connection");
}

/** What a program of client_programs.ts says. */
function checkRuns(output: string, version: string): void {
  const runs = JSON.parse(output);
  assert.equal(runs.length, 2);
  for (const [index, { texts, connections, echo }] of runs.entries()) {
    check(texts, version, index === 1);
    assert.deepEqual([connections, echo], [1, "echo hello"]);
  }
}

/** The test of one client. It shares nothing with others: several may run at a time. */
export interface Trial {
  readonly name: string;
  /** Whether the client is not there. */
  readonly ignore?: boolean;
  readonly fn: () => Promise<void>;
}

function curl(site: SecureSite): Trial[] {
  return VERSIONS.map((version) => ({
    name: `curl: each request at its own route, one connection: TLS ${version}`,
    fn: async () => {
      const files = [0, 1].map((run) =>
        PATHS.map((_, index) => site.directory.join(`curl-${version}-${run}-${index}`))
      );
      const common = ["-sS", "--cacert", site.authority, "--tlsv" + version, "--tls-max", version]
        .concat("--noproxy", "*", "-w", "%{num_connects} %{http_code}\\n");
      const wanted = files.map((names) =>
        PATHS.flatMap((path, index) => ["-o", names[index]!, site.url + path])
      );
      // The last of the first connection ends it; another process would not have the session.
      const last = wanted[0]!.splice(-3);
      const args = [...common, ...wanted[0]!, "--next", ...common, "-H", "Connection: close", ...last]
        .concat("--next", common, wanted[1]!);
      const counts = (await client("curl", args)).trim().split("\n");
      const expected = PATHS.map((_, index) => index === 0 ? "1 200" : "0 200");
      assert.deepEqual(counts, [...expected, ...expected]);
      for (const run of [0, 1]) {
        check(files[run]!.map((file) => Deno.readTextFileSync(file)), version, run === 1);
      }
    },
  }));
}

function openssl(site: SecureSite): Trial[] {
  return VERSIONS.map((version) => ({
    name: `openssl s_client: a session goes on, and the end is said: TLS ${version}`,
    fn: async () => {
      const session = site.directory.join(`session-${version}`);
      const common = ["s_client", "-connect", `127.0.0.1:${site.port}`, "-servername", NAME]
        .concat("-CAfile", site.authority, "-verify_return_error", "-ign_eof")
        .concat(version === "1.2" ? "-tls1_2" : "-tls1_3");
      const host = `Host: ${NAME}:${site.port}\r\n`;
      const input = PATHS.map((path, index) =>
        `GET ${path} HTTP/1.1\r\n${host}${index === PATHS.length - 1 ? "Connection: close\r\n" : ""}\r\n`
      ).join("");
      for (const [run, option] of ["-sess_out", "-sess_in"].entries()) {
        const said = await client("openssl", [...common, option, session], { input });
        assert.match(
          said,
          run === 0 ? /\nNew, TLSv1\.[23], Cipher is / : /\nReused, TLSv1\.[23], Cipher is /,
        );
        const told = said.match(/\{"url".*\}/g)!;
        const texts = [
          /a file/,
          /on TLS.* https/,
          /relayed https/,
          /\{"url".*\}/,
          /data: one\n\n[^]*data: two/,
        ]
          .map((text) => text.exec(said)![0].replace(/\r\n.*\r\n/, ""));
        check([...texts, told[1]!], version, run === 1);
        assert.equal(told.length, 2);
        assert.match(said, /closed/);
        // What it says of an end without close_notify.
        assert.doesNotMatch(said, /unexpected eof|errno=/);
      }
    },
  }));
}

function wget(site: SecureSite): Trial[] {
  return VERSIONS.map((version) => ({
    name: `wget: TLS ${version}`,
    ignore: !isInstalled("wget", "-V"),
    fn: async () => {
      const args = ["-q", "--no-proxy", `--ca-certificate=${site.authority}`, "-O", "-"]
        .concat(`--ciphers=NORMAL:-VERS-ALL:+VERS-TLS${version}`, PATHS.map((path) => site.url + path));
      const said = await client("wget", args);
      const told = said.match(/\{"url".*?\}\}/g)!;
      assert.equal(told.length, 2);
      const texts = [
        /a file/,
        /on TLSv1\.\d https/,
        /relayed https/,
        /\{"url".*?\}\}/,
        /data: one\n\ndata: two/,
      ];
      check([...texts.map((text) => text.exec(said)![0]), told[1]!], version, false);
    },
  }));
}

/** Programs of client_programs.ts. */
function programs(site: SecureSite): Trial[] {
  const args = (version: string) => [NAME, String(site.port), site.authority, version, ...PATHS];
  const made = goProgram();
  return VERSIONS.flatMap((version) => [{
    name: `Node: one socket of an agent: TLS ${version}`,
    ignore: !isInstalled("node", "-v"),
    fn: async () => {
      const script = site.directory.write(`client-${version}.cjs`, NODE);
      checkRuns(await client("node", [script, ...args(version)]), version);
    },
  }, {
    name: `Python: one connection of http.client: TLS ${version}`,
    ignore: !isInstalled("python3", "-V"),
    fn: async () => {
      const script = site.directory.write(`client-${version}.py`, PYTHON);
      checkRuns(await client("python3", [script, ...args(version)]), version);
    },
  }, {
    name: `Go: one connection of net/http: TLS ${version}`,
    ignore: made === undefined,
    fn: async () => {
      checkRuns(await client(await made!(site.directory.path), args(version)), version);
    },
  }]);
}

/** Makes the client in Go, once; undefined where that is not installed, and nobody has made it elsewhere. */
function goProgram(): ((directory: string) => Promise<string>) | undefined {
  const elsewhere = Deno.env.get("FDPASS_GO_CLIENT");
  if (elsewhere !== undefined) return () => Promise.resolve(elsewhere);
  return isInstalled("go", "version") ? makeGoClient : undefined;
}

const made = new Map<string, Promise<string>>();

/**
 * Makes the client in Go. It needs nothing of the machine that it runs on.
 *
 * @param directory where it is put
 * @returns its path
 */
export function makeGoClient(directory: string): Promise<string> {
  const known = made.get(directory);
  if (known !== undefined) return known;
  const make = async () => {
    const [source, program] = [`${directory}/client.go`, `${directory}/go-client`];
    Deno.writeTextFileSync(source, GO);
    await client("go", ["build", "-o", program, source], {
      env: { HOME: Deno.env.get("HOME") ?? "/root", CGO_ENABLED: "0" },
    });
    return program;
  };
  const making = make();
  made.set(directory, making);
  return making;
}

/** A browser, whose page asks for a file, a WebSocket and a stream of events. */
function chromium(site: SecureSite): Trial {
  return {
    name: "Chromium: a page, a file, a WebSocket and a stream of events",
    ignore: !isInstalled("chromium", "--version"),
    fn: async () => {
      await using _browser = new OtherProgram("chromium", [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--no-proxy-server",
        "--ignore-certificate-errors",
        `--user-data-dir=${site.directory.path}/profile`,
        `${site.url}/page`,
      ]);
      const said = await until(async () => {
        const { status, text } = await get(site.plainPort, "/said", NAME);
        return status === 200 && (JSON.parse(text) ?? undefined);
      }, "what the page has to say");
      assert.deepEqual(said, ["https:", "a file", "echo hello", "onetwo"]);
    },
  };
}

/** Every client, the one that takes longest first. */
export function clientTrials(site: SecureSite): Trial[] {
  return [chromium(site), ...[curl, openssl, wget, programs].flatMap((each) => each(site))];
}
