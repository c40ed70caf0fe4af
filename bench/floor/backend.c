/*
 * A backend with nothing in it: acknowledges, reads the request, answers six bytes, closes. One thread. For the path
 * /open it begins a stream of events and lets it be, until the client ends it.
 *
 * usage: backend unix SOCKET    receives connections by the hand-off protocol
 *        backend tcp PORT       accepts them itself: the same answer without a front
 */
#include "common.h"

static const char RESPONSE[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";

static const char STREAM[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: open\n\n";
static const char OPEN[] = "GET /open ";

static uint8_t bytes[1 << 18];

/* Answers a connection whose request has come; 0 when there is more to come, its end at least. */
static int serve(int fd) {
  ssize_t length = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return 0;
  if (length >= (ssize_t)sizeof OPEN && memcmp(bytes, OPEN, sizeof OPEN - 1) == 0) {
    send(fd, STREAM, sizeof STREAM - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return 0;
  }
  if (length > 0) {
    send(fd, RESPONSE, sizeof RESPONSE - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    /* Ends the answer now: a close alone would wait for the front to close its copy. */
    shutdown(fd, SHUT_WR);
  }
  close(fd);
  return 1;
}

/* Receives what is there, acknowledges it in one message, serves it. Returns 0 at the end of the channel. */
static int read_channel(int epoll, int channel) {
  int fds[BATCH], count = 0, open = 1;
  uint8_t ack[8 + 4 * BATCH] = {VERSION, ACK};
  while (count < BATCH) {
    int fd;
    ssize_t length = receive(channel, bytes, sizeof bytes, MSG_DONTWAIT, &fd);
    if (length < 0 && (errno == EAGAIN || errno == ECONNRESET)) break;
    if (length >= 16 && bytes[1] == HELLO) {
      send_hello(channel, 1, 1024, "floor");
      continue;
    }
    if (length >= 16 && bytes[1] == GENERATION) continue; /* nothing to one that closes after each answer */
    if (length < FIXED || bytes[0] != VERSION || bytes[1] != HANDOFF || fd < 0) {
      if (fd >= 0) close(fd);
      open = 0;
      break;
    }
    memcpy(ack + 8 + 4 * count, bytes + 4, 4);
    fds[count++] = fd;
  }
  if (count == 0) return open;
  put16(ack + 2, (uint16_t)count);
  put32(ack + 4, (uint32_t)count);
  int sent = send(channel, ack, 8 + 4 * (size_t)count, MSG_NOSIGNAL) > 0;
  for (int i = 0; i < count; i++) {
    if (!sent) close(fds[i]); /* untouched: it is still the front's */
    else if (!serve(fds[i])) watch(epoll, fds[i], EPOLLIN);
  }
  return open;
}

int main(int argc, char **argv) {
  int tcp = argc == 3 && strcmp(argv[1], "tcp") == 0;
  if (argc != 3 || (!tcp && strcmp(argv[1], "unix") != 0)) {
    return fputs("usage: backend unix SOCKET | tcp PORT\n", stderr), 2;
  }
  raise_descriptor_limit();
  int listener = tcp ? listen_tcp(atoi(argv[2])) : listen_unix(argv[2], SOCK_SEQPACKET, 0600);
  static uint8_t is_channel[MAX_FD];
  int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener, EPOLLIN);
  ready();
  for (;;) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        for (int accepted; (accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
          if (!tcp) is_channel[accepted] = 1;
          /* Most requests are there by the time their connection is accepted. */
          if (!tcp || !serve(accepted)) watch(epoll, accepted, EPOLLIN);
        }
      } else if (!is_channel[fd]) {
        /* Before it is closed: while the front has its copy, a registration would outlive ours. */
        must(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), "epoll_ctl");
        if (!serve(fd)) watch(epoll, fd, EPOLLIN);
      } else if (!read_channel(epoll, fd)) {
        is_channel[fd] = 0;
        close(fd);
      }
    }
  }
}
