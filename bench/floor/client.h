/* What the clients share: the clock, connecting, and when a response is whole. */
#ifndef FLOOR_CLIENT_H
#define FLOOR_CLIENT_H

#include "common.h"
#include <time.h>

/* Seconds that a client waits for anything. */
enum { PATIENCE = 20 };

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline int open_connection(int port) {
  struct sockaddr_in address = loopback(port);
  struct timeval patience = {.tv_sec = PATIENCE};
  int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  must(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  return fd;
}

/* Asks for a path; 0 when the connection has ended meanwhile. */
static inline int ask(int fd, const char *host, const char *path, int keep) {
  char request[2048];
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, host,
                        keep ? "" : "Connection: close\r\n");
  if (send(fd, request, (size_t)length, MSG_NOSIGNAL) == length) return 1;
  if (errno != EPIPE && errno != ECONNRESET) die("send");
  return 0;
}

/* Bytes that a response has in all, by its Content-Length; 0 while that is not known. */
static inline size_t whole(const char *text) {
  const char *end = strstr(text, "\r\n\r\n"), *field = strcasestr(text, "\r\ncontent-length:");
  if (end == NULL || field == NULL || field > end) return 0;
  return (size_t)(end + 4 - text) + strtoull(field + 17, NULL, 10);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Three points of a distribution, in microseconds, as a member of a JSON object. */
static inline void print_times(const char *name, double *times, size_t count) {
  qsort(times, count, sizeof *times, compare);
  printf("\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f}", name, times[count / 2] * 1e6,
         times[count * 9 / 10] * 1e6, times[count * 99 / 100] * 1e6);
}

#endif
