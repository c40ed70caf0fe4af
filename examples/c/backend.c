/*
 * A backend in C: cc -o backend backend.c && ./backend /tmp/x.sock
 *
 * It speaks the hand-off protocol (docs/protocol.md) in its simplest form: it gives nothing back, ends the channel
 * where a front breaks the protocol, and closes each connection after one response, whatever the scope says.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HELLO = 1, HANDOFF = 2, ACK = 3, NACK = 4, DRAIN = 6, GENERATION = 9, TLS = 8, PREREAD = 0x81 };
enum { PAIR = 2 }; /* how a field TLS begins when another process does it, at the other end of a Unix stream */
enum { FULL = 1, NO_CLIENT = 3, UNSUPPORTED = 4 }; /* why a hand-off is refused */
enum { ID = 4, CLIENT = 8, FIELDS = 56, ROOM = 1 << 18, CHANNELS = 64 };

static uint8_t message[ROOM]; /* room for any message, and more */
static volatile sig_atomic_t stopped;

/* Answers one request. The front has seen its whole head, and the answer fits any socket's buffer: nothing waits. */
static void serve(int client, const uint8_t *preread, size_t length) {
  static char head[ROOM];
  char target[1024] = "", host[64] = "", content[2048], answer[4096];
  memcpy(head, preread, length);
  ssize_t more = recv(client, head + length, sizeof head - 1 - length, MSG_DONTWAIT);
  head[length + (size_t)(more > 0 ? more : 0)] = '\0';
  sscanf(head, "%*s %1023s", target);
  /* What the front says: behind TLS the socket may be one end of a Unix stream, which has no addresses. */
  const uint8_t *address = message + CLIENT;
  if (address[0] != 0) inet_ntop(address[0] == 4 ? AF_INET : AF_INET6, address + 4, host, sizeof host);
  int port = address[2] << 8 | address[3];
  int count = snprintf(content, sizeof content, "Hello %s:%d, this is C. You asked for %s.\n", host, port, target);
  /* Closed after one response: the next request may be for another backend. */
  count = snprintf(answer, sizeof answer,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                   count, content);
  send(client, answer, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL);
  shutdown(client, SHUT_WR); /* acts at once; a close would wait for the front's copy */
}

/* Sends a header and the id of the hand-off in the message; false when the front is gone. */
static bool reply(int channel, uint8_t type, uint8_t extra) {
  uint8_t bytes[12] = {1, type, 0, extra};
  size_t at = type == ACK ? 8 : 4; /* ACK says before its ids how many connections are held: none when they are read */
  memcpy(bytes + at, message + ID, 4);
  return send(channel, bytes, at + 4, MSG_NOSIGNAL) > 0;
}

/* Finds what was read of the connection before, and whether it is one end of a Unix stream; false when a field is malformed, or must be known and is not. */
static bool read_fields(size_t length, const uint8_t **preread, size_t *size, bool *pair) {
  if (length < FIELDS) return false;
  for (size_t at = FIELDS, end; at < length; at = end) {
    if (length - at < 4) return false;
    size_t value = (size_t)message[at + 2] << 8 | message[at + 3];
    end = at + 4 + value;
    if (end > length) return false;
    if (message[at] == TLS && value > 0) *pair = message[at + 4] == PAIR;
    if (message[at] < 0x80) continue;
    if (message[at] != PREREAD || *size > 0) return false;
    *preread = message + at + 4;
    *size = value;
  }
  return true;
}

/* A Unix socket passes for a client where the message says so alone: it can carry descriptors itself. */
static bool is_client(int fd, bool pair) {
  int domain = 0, type = 0, listens = 1;
  socklen_t size = sizeof(int);
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
  getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
  bool right = pair ? domain == AF_UNIX : domain == AF_INET || domain == AF_INET6;
  return right && type == SOCK_STREAM && !listens;
}

static bool hand_over(int channel, size_t length, int fd) {
  const uint8_t *preread = message;
  size_t size = 0;
  bool pair = false;
  if (!read_fields(length, &preread, &size, &pair)) return reply(channel, NACK, UNSUPPORTED);
  if (!is_client(fd, pair)) return reply(channel, NACK, NO_CLIENT);
  /* The commit point: ours if this leaves. If it does not, it is the front's, and was not touched. */
  if (!reply(channel, ACK, 1)) return false;
  serve(fd, preread, size);
  return true;
}

static bool greet(int channel) {
  /* One process, and 64 hand-offs that may be unanswered: so many answers fit the channel, sending never waits. */
  uint8_t hello[16] = {1, HELLO, 0, 0, 'f', 'd', 'p', 's', 0, 1, 0, 64};
  for (int i = 0; i < 4; i++) hello[12 + i] = (uint8_t)((uint32_t)getpid() >> (24 - 8 * i));
  return send(channel, hello, sizeof hello, MSG_NOSIGNAL) > 0;
}

/* Reads one message and answers it; false when the channel is to end. */
static bool receive(int channel, bool *greeted) {
  /* Room for what the kernel sends at most, so that no descriptor goes unseen. */
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))];
  struct iovec part = {message, sizeof message};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
  int fds[253], count = 0;
  struct cmsghdr *rights = length < 0 ? NULL : CMSG_FIRSTHDR(&header);
  if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
    count = (int)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(rights), (size_t)count * sizeof(int));
  }
  bool whole = length >= 4 && message[0] == 1 && !(header.msg_flags & MSG_TRUNC), going_on = false;
  if (!whole) {
    /* The front is gone, or speaks something else. */
  } else if (message[1] == HANDOFF && *greeted && length >= 8 && count <= 1) {
    if (count == 1) going_on = hand_over(channel, (size_t)length, fds[0]);
    else if (header.msg_flags & MSG_CTRUNC) going_on = reply(channel, NACK, FULL); /* no number was free for it */
  } else if (message[1] == HELLO && !*greeted && length >= 16 && memcmp(message + 4, "fdps", 4) == 0 && !count) {
    *greeted = going_on = greet(channel);
  } else if (message[1] == GENERATION && *greeted && !count) {
    going_on = true; /* it is for backends that keep connections */
  }
  while (count > 0) close(fds[--count]);
  return going_on;
}

/* A socket that nobody finds at the path before it listens, and is this user's alone. */
static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int size = snprintf(address.sun_path, sizeof address.sun_path, "%s.%d", path, getpid());
  if (size >= (int)sizeof address.sun_path) errx(1, "The path is too long: %s", path);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || chmod(address.sun_path, 0600) ||
      listen(fd, CHANNELS) || rename(address.sun_path, path)) {
    err(1, "Cannot listen at %s", path);
  }
  return fd;
}

static void stop(int signal) { stopped = signal; }

int main(int count, char **arguments) {
  if (count != 2) errx(2, "usage: backend SOCKET");
  struct pollfd sources[1 + CHANNELS] = {{.fd = listen_at(arguments[1]), .events = POLLIN}};
  bool greeted[1 + CHANNELS] = {false};
  int used = 1;

  /* SIGTERM comes while ppoll waits, and at no other time: between an acknowledgement and its answer in particular. */
  sigset_t term, none;
  sigemptyset(&none);
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, NULL);
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);

  while (!stopped) {
    sources[0].events = used <= CHANNELS ? POLLIN : 0;
    if (ppoll(sources, (nfds_t)used, NULL, &none) < 0) continue;
    for (int i = used - 1; i > 0; i--) {
      if (sources[i].revents == 0 || receive(sources[i].fd, &greeted[i])) continue;
      close(sources[i].fd);
      sources[i] = sources[--used];
      greeted[i] = greeted[used];
    }
    int channel = sources[0].revents ? accept4(sources[0].fd, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (channel < 0) continue;
    greeted[used] = false;
    sources[used++] = (struct pollfd){.fd = channel, .events = POLLIN};
  }

  /* What was sent and is not acknowledged is the front's, which hands it on. */
  close(sources[0].fd);
  for (int i = 1; i < used; i++) send(sources[i].fd, (uint8_t[]){1, DRAIN, 0, 0}, 4, MSG_NOSIGNAL);
  return 0;
}
