/* What the programs of the floor share: sockets, HELLO, and the numbers of the protocol (docs/protocol.md). */
#ifndef FLOOR_COMMON_H
#define FLOOR_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HELLO = 1, HANDOFF = 2, ACK = 3, LOAD = 7, GENERATION = 9 };
enum { VERSION = 1, FIXED = 56, BATCH = 64, BACKLOG = 4096, EVENTS = 256, MAX_FD = 1 << 16 };

static inline void die(const char *what) {
  perror(what);
  exit(1);
}

static inline int must(int result, const char *what) {
  if (result < 0) die(what);
  return result;
}

static inline void put16(uint8_t *at, uint16_t n) {
  n = htons(n);
  memcpy(at, &n, 2);
}

static inline void put32(uint8_t *at, uint32_t n) {
  n = htonl(n);
  memcpy(at, &n, 4);
}

static inline uint32_t get32(const uint8_t *at) {
  uint32_t n;
  memcpy(&n, at, 4);
  return ntohl(n);
}

static inline uint16_t get16(const uint8_t *at) {
  uint16_t n;
  memcpy(&n, at, 2);
  return ntohs(n);
}

/* Says that the program serves, and ends it at the latest when nobody has asked it to for an hour. */
static inline void ready(void) {
  alarm(3600);
  puts("ready");
  fflush(stdout);
}

static inline void raise_descriptor_limit(void) {
  struct rlimit limit;
  must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max < MAX_FD ? limit.rlim_max : MAX_FD;
  must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline int listen_tcp(int port) {
  int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"), one = 1;
  struct sockaddr_in address = loopback(port);
  must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
  must(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
  must(listen(fd, BACKLOG), "listen");
  return fd;
}

static inline struct sockaddr_un unix_path(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    die(path);
  }
  strcpy(address.sun_path, path);
  return address;
}

static inline int listen_unix(const char *path, int type, mode_t mode) {
  int fd = must(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  struct sockaddr_un address = unix_path(path);
  unlink(path);
  must(bind(fd, (struct sockaddr *)&address, sizeof address), path);
  must(chmod(path, mode), "chmod");
  must(listen(fd, BACKLOG), "listen");
  return fd;
}

static inline void watch(int epoll, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static inline void send_hello(int fd, uint16_t workers, uint16_t window, const char *name) {
  uint8_t message[64] = {VERSION, HELLO, 0, 0, 'f', 'd', 'p', 's'};
  size_t length = strlen(name);
  put16(message + 8, workers);
  put16(message + 10, window);
  put32(message + 12, (uint32_t)getpid());
  message[16] = 1; /* field: name */
  put16(message + 18, (uint16_t)length);
  memcpy(message + 20, name, length);
  must((int)send(fd, message, 20 + length, MSG_NOSIGNAL), "send HELLO");
}

/* Receives one message and the descriptor that came with it, or -1; more than one is against the protocol. */
static inline ssize_t receive(int fd, uint8_t *bytes, size_t size, int flags, int *passed) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * 4)];
  } control;
  struct iovec part = {bytes, size};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  *passed = -1;
  ssize_t length = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC);
  if (length < 0) return length;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c != NULL; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < count; i++) {
      int one;
      memcpy(&one, CMSG_DATA(c) + i * sizeof(int), sizeof one);
      if (*passed < 0) *passed = one;
      else close(one);
    }
  }
  return length;
}

#endif
