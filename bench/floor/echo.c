/*
 * A client that speaks WebSocket (RFC 6455): on each of its connections it sends a small message, waits until it has
 * come back, and sends the next. Prints one line of JSON.
 *
 * usage: echo PORT PATH CONNECTIONS SECONDS
 */
#include "client.h"

/* A text of 16 bytes. Masked by zeros, which is as good as any other key to who has to take it off. */
enum { TEXT = 16, ASKED = 6 + TEXT, BACK = 2 + TEXT };
static const char MESSAGE[ASKED + 1] = "\x81\x90\0\0\0\0sixteen bytes...";
/* More times than that are not kept. */
enum { MAX_TIMES = 1 << 22 };

static size_t have[MAX_FD], messages, failed;
static double since[MAX_FD], times[MAX_TIMES];

static int upgrade(int port, const char *path) {
  char text[2048] = "";
  int fd = open_connection(port), one = 1;
  int length = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        path);
  must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
  if (send(fd, text, (size_t)length, MSG_NOSIGNAL) != length) die("send");
  for (size_t seen = 0; seen < sizeof text - 1;) {
    /* Byte by byte, so that nothing behind the head is taken. */
    if (recv(fd, text + seen, 1, 0) <= 0) die("no answer to the handshake");
    text[++seen] = 0;
    if (seen >= 4 && memcmp(text + seen - 4, "\r\n\r\n", 4) == 0) break;
  }
  if (strncmp(text, "HTTP/1.1 101", 12) != 0) return fprintf(stderr, "instead of 101: %.30s\n", text), exit(1), 0;
  return fd;
}

static void say(int fd) {
  since[fd] = now();
  if (send(fd, MESSAGE, ASKED, MSG_NOSIGNAL) != ASKED) failed++;
}

int main(int argc, char **argv) {
  int count = argc == 5 ? atoi(argv[3]) : 0;
  double length = argc == 5 ? atof(argv[4]) : 0;
  if (count < 1 || count >= MAX_FD || length <= 0 || length > 600) {
    return fputs("usage: echo PORT PATH CONNECTIONS SECONDS\n", stderr), 2;
  }
  raise_descriptor_limit();
  alarm((unsigned)length + 3 * PATIENCE);
  int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"), *fds = calloc((size_t)count, sizeof *fds);
  if (fds == NULL) die("calloc");
  for (int i = 0; i < count; i++) watch(epoll, fds[i] = upgrade(atoi(argv[1]), argv[2]), EPOLLIN);
  double start = now(), end = start + length, time;
  for (int i = 0; i < count; i++) say(fds[i]);
  while ((time = now()) < end) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(epoll, events, EVENTS, PATIENCE * 1000);
    if (ready <= 0) return fputs("no message comes back\n", stderr), 1;
    for (int i = 0; i < ready; i++) {
      char bytes[256];
      int fd = events[i].data.fd;
      ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
      if (size < 0 && errno == EAGAIN) continue;
      if (size <= 0) {
        failed++;
        close(fd);
        continue;
      }
      have[fd] += (size_t)size;
      if (have[fd] < BACK) continue;
      if (have[fd] > BACK) failed++;
      have[fd] = 0;
      if (messages < MAX_TIMES) times[messages] = now() - since[fd];
      messages++;
      say(fd);
    }
  }
  printf("{\"messages\":%zu,\"failed\":%zu,\"seconds\":%.6f,", messages, failed, time - start);
  print_times("times", times, messages < MAX_TIMES ? messages : MAX_TIMES);
  printf("}\n");
  return 0;
}
