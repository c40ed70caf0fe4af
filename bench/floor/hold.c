/*
 * A client that opens many connections and keeps them. On each it asks for a path and reads until the answer is whole,
 * or the first event of a stream is there ("\n\n"), or it is a WebSocket's; for the path "-" it asks nothing and stays
 * silent. When all are open it prints a line of JSON, and keeps still until it gets SIGTERM. Then it prints another: how
 * many have ended meanwhile.
 *
 * usage: hold PORT PATH COUNT [websocket]
 */
#include "client.h"

/* Requests that are under way at a time: fewer than any listen queue is long. */
enum { AT_A_TIME = 64 };

static int fds[MAX_FD];

static void on_sigterm(int signal) { (void)signal; }

static int ask_for_websocket(int fd, const char *path) {
  char request[2048];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        path);
  return send(fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Reads until what was asked for is there; 0 when it does not come, and says once what comes instead. */
static int answered(int fd, int websocket) {
  static int said;
  const char *status = websocket ? "HTTP/1.1 101" : "HTTP/1.1 200";
  char bytes[4096] = "";
  size_t have = 0;
  ssize_t length = 0;
  while (have < sizeof bytes - 1 && strncmp(bytes, status, have < 12 ? have : 12) == 0) {
    length = recv(fd, bytes + have, sizeof bytes - 1 - have, 0);
    if (length <= 0) break;
    have += (size_t)length;
    bytes[have] = 0;
    if (websocket ? strstr(bytes, "\r\n\r\n") != NULL : strstr(bytes, "\n\n") != NULL || have == whole(bytes)) return 1;
  }
  if (!said++) fprintf(stderr, "no answer, but \"%.30s\" %s\n", bytes, length < 0 ? strerror(errno) : "");
  return 0;
}

/* Connections that the other side has ended. */
static int count_ended(int count) {
  int ended = 0;
  char byte;
  for (int i = 0; i < count; i++) {
    ssize_t length = recv(fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (length == 0 || (length < 0 && errno != EAGAIN)) ended++;
  }
  return ended;
}

int main(int argc, char **argv) {
  int websocket = argc == 5 && strcmp(argv[4], "websocket") == 0;
  int count = argc == 4 || websocket ? atoi(argv[3]) : 0, failed = 0;
  if (count <= 0 || count >= MAX_FD) return fputs("usage: hold PORT PATH COUNT [websocket]\n", stderr), 2;
  int port = atoi(argv[1]), silent = strcmp(argv[2], "-") == 0;
  raise_descriptor_limit();
  alarm(3600);
  /* Blocked until it is waited for: it is not to be missed, nor to interrupt anything. */
  struct sigaction action = {.sa_handler = on_sigterm};
  sigset_t blocked, waiting;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  must(sigprocmask(SIG_BLOCK, &blocked, &waiting), "sigprocmask");
  must(sigaction(SIGTERM, &action, NULL), "sigaction");

  double start = now();
  for (int first = 0; first < count; first += AT_A_TIME) {
    int end = first + AT_A_TIME < count ? first + AT_A_TIME : count;
    for (int i = first; i < end; i++) {
      fds[i] = open_connection(port);
      if (silent) continue;
      if (!(websocket ? ask_for_websocket(fds[i], argv[2]) : ask(fds[i], "bench", argv[2], 1))) failed++;
    }
    for (int i = first; !silent && i < end; i++) failed += !answered(fds[i], websocket);
  }
  printf("{\"open\":%d,\"failed\":%d,\"seconds\":%.6f}\n", count, failed, now() - start);
  fflush(stdout);
  sigsuspend(&waiting);
  printf("{\"ended\":%d}\n", count_ended(count));
  fflush(stdout);
  /* Reset, which nobody can overlook: some proxies keep a stream whose client has only ended its side. */
  struct linger reset = {.l_onoff = 1};
  for (int i = 0; i < count; i++) setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return 0;
}
