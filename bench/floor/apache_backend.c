/*
 * Receives from Apache's mod_proxy_fdpass: a SOCK_STREAM connection for each hand-off, on it one byte with the
 * descriptor. Apache has read the request and written the response head by then; the body is left to write. A front that
 * leaves the request in the socket (its flusher is "none") has the response left to write as well. One thread; the same
 * body as backend.c.
 *
 * usage: apache_backend SOCKET [whole]
 */
#include "common.h"

static const char BODY[] = "hello\n";
static const char WHOLE[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";

static const char *response = BODY;
static size_t response_length = sizeof BODY - 1;

/* Takes the hand-off from a connection of Apache's and answers; 0 when it has not come. */
static int take(int from) {
  uint8_t byte;
  int fd;
  ssize_t length = receive(from, &byte, 1, MSG_DONTWAIT, &fd);
  if (length < 0 && errno == EAGAIN) return 0;
  if (fd >= 0) {
    static char request[1 << 16];
    /* The front has seen all of it; unread, it would have the close reset the connection. */
    if (response == WHOLE) recv(fd, request, sizeof request, MSG_DONTWAIT);
    send(fd, response, response_length, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    close(fd);
  }
  close(from);
  return 1;
}

int main(int argc, char **argv) {
  int whole = argc == 3 && strcmp(argv[2], "whole") == 0;
  if (argc != 2 && !whole) return fputs("usage: apache_backend SOCKET [whole]\n", stderr), 2;
  if (whole) response = WHOLE, response_length = sizeof WHOLE - 1;
  raise_descriptor_limit();
  /* Apache runs as a user of its own, and has to be able to connect. */
  int listener = listen_unix(argv[1], SOCK_STREAM, 0666);
  int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener, EPOLLIN);
  ready();
  for (;;) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd != listener) {
        take(fd);
        continue;
      }
      for (int accepted; (accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        if (!take(accepted)) watch(epoll, accepted, EPOLLIN);
      }
    }
  }
}
