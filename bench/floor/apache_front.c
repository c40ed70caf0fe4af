/*
 * The floor of a front that hands over as Apache's mod_proxy_fdpass does: for each connection a connection of type
 * SOCK_STREAM to the backend, on it one byte with the descriptor. The client's request stays in the socket. One thread;
 * accept4, recv(MSG_PEEK), connect, SO_PEERCRED, sendmsg(SCM_RIGHTS), two closes, and a socket for the next one: the same
 * calls in the same order as src/front.
 *
 * usage: apache_front PORT BACKEND-SOCKET
 */
#include "front.h"

static struct sockaddr_un backend;
/* Made in advance: a front without descriptors can still hand over. */
static int spare;

static int new_socket(void) { return must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"); }

static void hand_off(int fd, const uint8_t *path, size_t path_length) {
  (void)path, (void)path_length; /* one route */
  must(connect(spare, (struct sockaddr *)&backend, sizeof backend), "connect");
  struct ucred peer;
  socklen_t size = sizeof peer;
  must(getsockopt(spare, SOL_SOCKET, SO_PEERCRED, &peer, &size), "SO_PEERCRED");
  if (peer.uid != geteuid()) exit(1);

  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.align = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
  uint8_t byte = 0;
  struct iovec part = {&byte, 1};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (sendmsg(spare, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) die("sendmsg");
  close(spare);
  close(fd);
  spare = new_socket();
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("usage: apache_front PORT BACKEND-SOCKET\n", stderr), 2;
  raise_descriptor_limit();
  backend = unix_path(argv[2]);
  spare = new_socket();
  int listener = listen_tcp(atoi(argv[1]));
  epoll_fd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll_fd, listener, EPOLLIN);
  ready();
  for (;;) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll_fd, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(listener);
      else examine(fd);
    }
  }
}
