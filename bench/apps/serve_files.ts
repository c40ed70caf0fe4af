/** Files as Deno's documentation serves them: open, and the stream of it is the content. usage: serve_files.ts PORT DIRECTORY */

const [port, directory] = Deno.args;

Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen() {} }, async (request) => {
  try {
    const file = await Deno.open(directory + new URL(request.url).pathname);
    const { size, mtime } = await file.stat();
    const headers = new Headers({
      "Content-Length": String(size),
      "Content-Type": "application/octet-stream",
    });
    if (mtime !== null) headers.set("Last-Modified", mtime.toUTCString());
    return new Response(file.readable, { headers });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Response(null, { status: 404 });
  }
});
