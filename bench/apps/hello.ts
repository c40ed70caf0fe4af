/** The handler of most workloads: fdpass runs it as it is, and the proxies have serve.ts, which runs it. */

export default {
  fetch(): Response {
    return new Response("hello\n");
  },
};
