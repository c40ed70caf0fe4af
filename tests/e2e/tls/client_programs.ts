/**
 * Clients in other languages. Each is told `host port authority version path…`, and does the same twice, the second time in
 * the session of the first: it asks for all of the paths on one connection, makes a WebSocket of that connection, and says
 * on one line of JSON what it got: `[{ "texts": […], "connections": 1, "echo": "…" }, …]`.
 */

export const NODE = `
const https = require("node:https");
const [host, port, ca, version, ...paths] = process.argv.slice(2);
const agent = new https.Agent({
  keepAlive: true,
  maxSockets: 1,
  ca: require("node:fs").readFileSync(ca),
  minVersion: "TLSv" + version,
  maxVersion: "TLSv" + version,
});
const ask = (path, sockets) =>
  new Promise((resolve, reject) => {
    https.get({ host, port, path, agent }, (response) => {
      sockets.add(response.socket);
      let text = "";
      response.on("data", (part) => text += part).on("end", () => resolve(text));
    }).on("error", reject);
  });
const chat = (sockets) =>
  new Promise((resolve, reject) => {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    https.get({ host, port, path: "/chat", agent, headers }).on("error", reject).on("upgrade", (_, socket, head) => {
      sockets.add(socket);
      let seen = head;
      socket.on("data", (data) => {
        seen = Buffer.concat([seen, data]);
        if (seen.length < 12) return;
        socket.on("close", () => resolve(seen.subarray(2, 12).toString()));
        socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
        socket.removeAllListeners("data").resume();
      }).on("error", reject);
      socket.write(Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from("hello")]));
    });
  });
(async () => {
  const runs = [];
  for (let run = 0; run < 2; run++) {
    const sockets = new Set(), texts = [];
    for (const path of paths) texts.push(await ask(path, sockets));
    const echo = await chat(sockets);
    runs.push({ texts, connections: sockets.size, echo });
  }
  console.log(JSON.stringify(runs));
  agent.destroy();
})();
`;

export const PYTHON = `
import http.client, json, socket, ssl, sys
host, port, ca, version, *paths = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv" + version.replace(".", "_")]
session = None

class Connection(http.client.HTTPSConnection):
    count = 0
    def connect(self):
        self.count += 1
        self.sock = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host, session=session)

runs = []
for run in range(2):
    connection, texts = Connection(host, int(port)), []
    for path in paths:
        connection.request("GET", path)
        texts.append(connection.getresponse().read().decode())
    session = connection.sock.session
    sock = connection.sock
    sock.sendall(
        b"GET /chat HTTP/1.1\\r\\nHost: %s:%s\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
        b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n" % (host.encode(), port.encode())
    )
    sock.sendall(b"\\x81\\x85\\0\\0\\0\\0hello")
    reader = sock.makefile("rb")
    while reader.readline() != b"\\r\\n":
        pass
    echo = reader.read(12)[2:].decode()
    sock.sendall(b"\\x88\\x80\\0\\0\\0\\0")
    reader.read()
    # It says the end, and hears it from the other side: nothing was cut off.
    sock.unwrap().close()
    runs.append({"texts": texts, "connections": connection.count, "echo": echo})
print(json.dumps(runs))
`;

export const GO = `package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
)

func main() {
	pem, _ := os.ReadFile(os.Args[3])
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[os.Args[4]]
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: pool, MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(8),
	}}}
	runs := []map[string]any{}
	for len(runs) < 2 {
		texts, fresh := []string{}, 0
		ask := func(path string, upgrade bool) *http.Response {
			request, _ := http.NewRequest("GET", "https://"+os.Args[1]+":"+os.Args[2]+path, nil)
			if upgrade {
				request.Header.Set("Connection", "Upgrade")
				// In Go's own spelling it would get a connection of its own, which never speaks HTTP/2.
				request.Header["upgrade"] = []string{"websocket"}
				request.Header.Set("Sec-WebSocket-Version", "13")
				request.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			}
			trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
				if !info.Reused {
					fresh++
				}
			}}
			response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
			if err != nil {
				panic(err)
			}
			return response
		}
		for _, path := range os.Args[5:] {
			response := ask(path, false)
			text, _ := io.ReadAll(response.Body)
			response.Body.Close()
			texts = append(texts, string(text))
		}
		socket := ask("/chat", true).Body.(io.ReadWriteCloser)
		socket.Write([]byte("\\x81\\x85\\x00\\x00\\x00\\x00hello"))
		frame := make([]byte, 12)
		io.ReadFull(socket, frame)
		socket.Write([]byte("\\x88\\x80\\x00\\x00\\x00\\x00"))
		if _, err := io.ReadAll(socket); err != nil {
			panic(err)
		}
		socket.Close()
		runs = append(runs, map[string]any{"texts": texts, "connections": fresh, "echo": string(frame[2:])})
	}
	out, _ := json.Marshal(runs)
	fmt.Println(string(out))
}
`;
