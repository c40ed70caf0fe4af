/* What a front does with a connection until it hands it over: it accepts it, and looks without taking anything. */
#ifndef FLOOR_FRONT_H
#define FLOOR_FRONT_H

#include "common.h"

enum { HEAD = 32768 };

static int epoll_fd;
static uint8_t head[HEAD + 1];
static struct sockaddr_in clients[MAX_FD];
static uint8_t watched[MAX_FD];

/* Hands a connection over whose request is whole, by the protocol of the program; or keeps it until it can. */
static void hand_off(int fd, const uint8_t *path, size_t path_length);

/* The path of a whole head that the peek found, or NULL: method, target, version, a Host field, an empty line. */
static const uint8_t *path_of(size_t length, size_t *path_length) {
  const uint8_t *end = memmem(head, length, "\r\n\r\n", 4);
  if (end == NULL) return NULL;
  const uint8_t *line = memchr(head, '\r', length), *target = memchr(head, ' ', length);
  if (target == NULL || target > line || target[1] != '/') return NULL;
  target++;
  const uint8_t *stop = memchr(target, ' ', (size_t)(line - target));
  if (stop == NULL || memcmp(stop + 1, "HTTP/1.", 7) != 0) return NULL;
  int host = 0;
  for (const uint8_t *at = line; at < end && !host;) {
    at += 2;
    host = end - at > 5 && strncasecmp((const char *)at, "host:", 5) == 0;
    at = memchr(at, '\r', (size_t)(end + 1 - at));
  }
  if (!host) return NULL;
  const uint8_t *query = memchr(target, '?', (size_t)(stop - target));
  *path_length = (size_t)((query == NULL ? stop : query) - target);
  return target;
}

static void examine(int fd) {
  ssize_t length = recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  if (length == 0 || (length < 0 && errno != EAGAIN)) {
    watched[fd] = 0;
    close(fd);
    return;
  }
  size_t path_length = 0;
  const uint8_t *path = length < 0 ? NULL : path_of((size_t)length, &path_length);
  if (path == NULL) {
    /* Edge-triggered: what was peeked at stays in the socket. */
    if (!watched[fd]) watch(epoll_fd, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
    watched[fd] = 1;
    return;
  }
  if (watched[fd]) {
    must(epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL), "epoll_ctl");
    watched[fd] = 0;
  }
  hand_off(fd, path, path_length);
}

static void accept_all(int listener) {
  for (int count = 0; count < BATCH; count++) {
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN) return;
      if (errno == ECONNABORTED) continue;
      die("accept4");
    }
    if (fd >= MAX_FD) {
      errno = EMFILE;
      die("accept4");
    }
    clients[fd] = peer;
    examine(fd);
  }
}

#endif
