/*
 * A client that measures. Prints one line of JSON.
 *
 * usage: client latency PORT PATH COUNT      one connection after the other, each with one request
 *        client download PORT PATH STREAMS   that many downloads at a time, read and thrown away
 */
#include "client.h"

enum { SIZE = 1 << 18 };

static char bytes[SIZE];

static int open_request(int port, const char *path) {
  int fd = open_connection(port);
  if (!ask(fd, "bench", path, 0)) die("send");
  return fd;
}

/* Two times each: until the answer is whole, and until the connection has ended. */
static void latency(int port, const char *path, int count) {
  double *answered = calloc((size_t)count, sizeof *answered), *ended = calloc((size_t)count, sizeof *ended);
  if (answered == NULL || ended == NULL) die("calloc");
  int failed = 0;
  for (int i = 0; i < count; i++) {
    double start = now();
    int fd = open_request(port, path);
    size_t have = 0;
    bytes[0] = 0;
    for (ssize_t length; have < SIZE - 1 && (length = recv(fd, bytes + have, SIZE - 1 - have, 0)) > 0;) {
      have += (size_t)length;
      bytes[have] = 0;
      if (answered[i] == 0 && have == whole(bytes)) answered[i] = now() - start;
    }
    ended[i] = now() - start;
    /* An answer without a length, as Apache's hand-off gives it, is whole when the connection has ended. */
    char *body = have == 0 ? NULL : strstr(bytes, "\r\n\r\n");
    if (answered[i] == 0 && body != NULL && body[4] != 0 && whole(bytes) == 0) answered[i] = ended[i];
    if (answered[i] == 0 || strncmp(bytes, "HTTP/1.1 200", 12) != 0) failed++;
    close(fd);
  }
  printf("{\"failed\":%d,", failed);
  print_times("answered", answered, (size_t)count);
  printf(",");
  print_times("ended", ended, (size_t)count);
  printf("}\n");
}

static void download(int port, const char *path, int streams) {
  size_t *have = calloc(MAX_FD, sizeof *have), *want = calloc(MAX_FD, sizeof *want), total = 0;
  if (have == NULL || want == NULL) die("calloc");
  int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"), open = streams, failed = 0;
  double start = now();
  for (int i = 0; i < streams; i++) watch(epoll, open_request(port, path), EPOLLIN);
  while (open > 0) {
    struct epoll_event events[EVENTS];
    int count = must(epoll_wait(epoll, events, EVENTS, PATIENCE * 1000), "epoll_wait");
    if (count == 0) break;
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      ssize_t length = recv(fd, bytes, SIZE - 1, MSG_DONTWAIT);
      if (length > 0) {
        bytes[length] = 0;
        if (have[fd] == 0) want[fd] = whole(bytes);
        have[fd] += (size_t)length;
        total += (size_t)length;
      } else if (length == 0 || errno != EAGAIN) {
        if (have[fd] == 0 || have[fd] != want[fd]) failed++;
        have[fd] = 0;
        close(fd);
        open--;
      }
    }
  }
  printf("{\"failed\":%d,\"bytes\":%zu,\"seconds\":%.6f}\n", failed + open, total, now() - start);
}

int main(int argc, char **argv) {
  int count = argc == 5 ? atoi(argv[4]) : 0;
  alarm(600);
  if (count > 0 && count <= 1000000 && strcmp(argv[1], "latency") == 0) {
    latency(atoi(argv[2]), argv[3], count);
  } else if (count > 0 && count <= 1024 && strcmp(argv[1], "download") == 0) {
    download(atoi(argv[2]), argv[3], count);
  } else {
    return fputs("usage: client latency PORT PATH COUNT | download PORT PATH STREAMS\n", stderr), 2;
  }
  return 0;
}
