// What is so only where the kernel does TLS: `inside` runs this in a virtual machine. Elsewhere nothing of it can be, so it
// is no test that is found by itself.
import assert from "node:assert/strict";
import { makeCertificate } from "../support/certificates.ts";
import { childNamed, frontBelow, heldBy } from "../support/lossless.ts";
import { freePort } from "../support/ports.ts";
import { PATIENT, startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { client } from "../e2e/tls/site.ts";
import { until } from "../support/waiting.ts";

/** 64 MiB in which every place can be told from every other. */
function large(): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(16 << 20);
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at, 0x9e3779b1);
  return new Uint8Array(words.buffer);
}

Deno.test(
  "the kernel does TLS: nobody but who serves has the connection, and files arrive whole",
  async (context) => {
    using directory = new TemporaryDirectory();
    await makeCertificate(directory.path, "site", { names: ["localhost"] });
    await Deno.mkdir(directory.join("files"));
    directory.write("files/a.txt", "a file\n");
    await Deno.writeFile(directory.join("files/large.bin"), large());
    directory.write(
      "app.ts",
      "export default (request, info) => Response.json([request.url, info.tls.protocol, info.tls.resumed]);\n",
    );
    const port = freePort();
    const path = directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen: { address: `127.0.0.1:${port}`, tls: true },
        sites: [{
          names: "localhost",
          certificate: "site.pem",
          key: "site.key",
          routes: [{ path: "/files/", to: "files" }, { path: "/", to: "app" }],
        }],
        backends: {
          files: { socket: "files.sock", static: "files" },
          app: { socket: "app.sock", fetch: "app.ts" },
        },
      }),
    );
    await using up = await startUpFrom(path);
    const url = `https://localhost:${port}`;
    const common = ["-sS", "--noproxy", "*", "--cacert", directory.join("site.pem")];

    for (const version of ["1.2", "1.3"]) {
      await context.step(`one kept connection through two backends, TLS ${version}`, async () => {
        const answers = await client("curl", [
          ...common,
          `--tlsv${version}`,
          "--tls-max",
          version,
          "-w",
          " %{num_connects}\\n",
          `${url}/files/a.txt`,
          `${url}/x`,
          `${url}/files/a.txt`,
        ]);
        assert.equal(answers, `a file\n 1\n["${url}/x","TLSv${version}",false] 0\na file\n 0\n`);
      });
    }
    await up.message(/connections go on as sockets that the kernel encrypts/);

    await context.step(
      "64 MiB by sendfile, held by the static backend alone, and an end that is said",
      async () => {
        const file = directory.join("got");
        const [front, handshakes, files] = [
          frontBelow(up.pid),
          childNamed(up.pid, "tls")!,
          childNamed(up.pid, "files")!,
        ];
        const download = client("curl", [
          ...common,
          "--limit-rate",
          "40M",
          "-o",
          file,
          `${url}/files/large.bin`,
        ]);
        await until(() => heldBy(files, port) > 0, "the static backend to have the connection");
        await until(
          () => heldBy(front, port) === 1 && heldBy(handshakes, port) === 0,
          "the others to have let go",
        );
        await download;
        assert.deepEqual(Deno.readFileSync(file), large());
      },
    );

    await context.step("close_notify is said, and heard", async () => {
      const input = "GET /files/a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      const said = await client(
        "openssl",
        ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", "-ign_eof"],
        { input, fails: true },
      );
      assert.match(said, /a file/);
      assert.doesNotMatch(said, /unexpected eof|errno/);
      for (const name of ["files", "app", "tls"]) {
        const pid = childNamed(up.pid, name)!;
        await until(() => heldBy(pid, port) === 0, `${name} to have let go`);
      }
    });

    await context.step("kill -9 of the process for handshakes cuts nobody off", async () => {
      const file = directory.join("got-again");
      const handshakes = childNamed(up.pid, "tls")!;
      const files = childNamed(up.pid, "files")!;
      const download = client("curl", [
        ...common,
        "--limit-rate",
        "20M",
        "-o",
        file,
        `${url}/files/large.bin`,
      ]);
      await until(() => heldBy(files, port) > 0, "the download");
      Deno.kill(handshakes, "SIGKILL");
      await download;
      assert.deepEqual(Deno.readFileSync(file), large());
      await until(() => childNamed(up.pid, "tls") !== undefined, "another one");
      assert.equal(await client("curl", [...common, `${url}/files/a.txt`]), "a file\n");
    });
  },
);
