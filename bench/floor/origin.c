/*
 * What relays have behind them: an HTTP server with nothing in it, on connections that it keeps. The number in a path is
 * how many bytes it answers (`/1024`), to GET and, when it has read the content, to POST. One thread.
 *
 * usage: origin PORT
 */
#include "common.h"

enum { SIZE = 1 << 18, HEAD = 16384, LONGEST = 1 << 20 };

struct peer {
  size_t have;    /* bytes of a head that is not whole yet */
  size_t content; /* bytes of content that are still to come */
  size_t answer;  /* bytes that are to be answered then */
  int ends;       /* the client keeps nothing */
  char *response; /* what has not left yet */
  size_t from, to;
  char head[HEAD];
};

static struct peer *peers[MAX_FD];
static char bytes[SIZE], zeros[LONGEST];
static int epoll;

static void end(int fd) {
  free(peers[fd]->response);
  free(peers[fd]);
  peers[fd] = NULL;
  close(fd);
}

/* Sends what is left of a response; 0 when the connection has ended. */
static int push(int fd) {
  struct peer *p = peers[fd];
  while (p->from < p->to) {
    ssize_t sent = send(fd, p->response + p->from, p->to - p->from, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return 1;
    if (sent < 0) return end(fd), 0;
    p->from += (size_t)sent;
  }
  free(p->response);
  p->response = NULL;
  if (p->ends) return end(fd), 0;
  return 1;
}

static int respond(int fd) {
  struct peer *p = peers[fd];
  p->response = malloc(256 + p->answer);
  if (p->response == NULL) die("malloc");
  int head = sprintf(p->response, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n", p->answer,
                     p->ends ? "Connection: close\r\n" : "");
  memcpy(p->response + head, zeros, p->answer);
  p->from = 0;
  p->to = (size_t)head + p->answer;
  return push(fd);
}

/* Reads a request out of what has come; how many bytes it takes, 0 when it is not whole. */
static size_t read_head(struct peer *p, char *text) {
  char *finish = strstr(text, "\r\n\r\n"), *path = strchr(text, ' ');
  if (finish == NULL || path == NULL) return 0;
  *finish = 0;
  char *length = strcasestr(text, "\r\ncontent-length:");
  p->content = length == NULL ? 0 : strtoull(length + 17, NULL, 10);
  p->answer = strtoull(path + 2, NULL, 10);
  if (p->answer > LONGEST) p->answer = LONGEST;
  p->ends = strcasestr(text, "\r\nconnection: close") != NULL || strstr(text, " HTTP/1.0\r\n") != NULL;
  return (size_t)(finish + 4 - text);
}

static void on_ready(int fd) {
  struct peer *p = peers[fd];
  /* One request at a time: nobody who relays sends another one before it has its answer. */
  if (p->response != NULL && (!push(fd) || p->response != NULL)) return;
  for (;;) {
    ssize_t length = recv(fd, bytes, SIZE - 1, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) return end(fd);
    size_t rest = (size_t)length;
    if (p->content == 0) {
      if (p->have + rest >= HEAD && p->have > 0) return end(fd);
      char *text = bytes;
      bytes[length] = 0;
      if (p->have > 0) {
        memcpy(p->head + p->have, bytes, rest + 1);
        rest += p->have;
        text = p->head;
      }
      size_t head = read_head(p, text);
      if (head == 0) {
        if (rest >= HEAD) return end(fd);
        if (p->have == 0) memcpy(p->head, bytes, rest);
        p->have = rest;
        return;
      }
      p->have = 0;
      rest -= head;
      if (p->content == 0) {
        if (!respond(fd) || p->response != NULL) return;
        if (length < SIZE - 1) return;
        continue;
      }
    }
    p->content -= rest < p->content ? rest : p->content;
    if (p->content == 0 && (!respond(fd) || p->response != NULL)) return;
    if (length < SIZE - 1) return;
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return fputs("usage: origin PORT\n", stderr), 2;
  raise_descriptor_limit();
  memset(zeros, 'x', sizeof zeros);
  int listener = listen_tcp(atoi(argv[1])), one = 1;
  epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener, EPOLLIN);
  ready();
  for (;;) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd != listener) {
        on_ready(fd);
        continue;
      }
      for (int accepted; (accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        if ((peers[accepted] = calloc(1, sizeof(struct peer))) == NULL) die("calloc");
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(epoll, accepted, EPOLLIN | EPOLLOUT | EPOLLET);
      }
    }
  }
}
