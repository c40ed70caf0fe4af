/** A handler that says on a WebSocket whatever is said to it. */

export default {
  fetch(request: Request): Response {
    if (request.headers.get("upgrade") === null) return new Response("hello\n");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  },
};
