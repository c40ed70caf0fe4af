/*
 * The floor of a front: what fdpass does for a connection, with nothing around it. One thread, one listener, one
 * backend, one route. accept4, recv(MSG_PEEK), a look at the head, sendmsg(SCM_RIGHTS), and close once the backend
 * has acknowledged: the same system calls in the same order as src/front, under the same rule of ownership.
 *
 * It has no deadlines, answers no mistakes, and ends at whatever it does not expect.
 *
 * usage: front PORT BACKEND-SOCKET
 */
#include "front.h"

enum { WINDOW = 128, SLOT_BITS = 10 };

static int channel, window, in_flight;
static uint8_t message[FIXED + 64 + HEAD];
static struct sockaddr_in local_address;

/* Hand-offs that are unacknowledged: the descriptor and the id of each slot, and the slots that are free. */
static int slot_fd[WINDOW], free_slots[WINDOW], free_count;
static uint32_t slot_id[WINDOW];

/* Connections that wait for a free slot, first come first served. */
static int queue[MAX_FD];
static unsigned queue_first, queue_end;

static void put_address(uint8_t *at, const struct sockaddr_in *address) {
  at[0] = 4;
  memcpy(at + 2, &address->sin_port, 2);
  memcpy(at + 4, &address->sin_addr, 4);
}

static void hand_off(int fd, const uint8_t *path, size_t path_length) {
  if (in_flight >= window) {
    queue[queue_end++ % MAX_FD] = fd;
    return;
  }
  int slot = free_slots[--free_count];
  uint32_t id = ((slot_id[slot] >> SLOT_BITS) + 1) << SLOT_BITS | (uint32_t)slot;
  put32(message + 4, id);
  put_address(message + 8, &clients[fd]);
  uint8_t *at = message + FIXED + 5; /* behind the route, which does not change */
  at[0] = 4;                         /* field: path */
  at[1] = 0;
  put16(at + 2, (uint16_t)path_length);
  memcpy(at + 4, path, path_length);

  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.align = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
  struct iovec part = {message, FIXED + 5 + 4 + path_length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (sendmsg(channel, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) die("sendmsg");
  slot_fd[slot] = fd;
  slot_id[slot] = id;
  in_flight++;
}

static void read_channel(void) {
  uint8_t bytes[8 + 4 * 1024];
  for (int count = 0; count < BATCH; count++) {
    ssize_t length = recv(channel, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) break;
    if (length <= 0) exit(0); /* the backend has ended */
    if (length >= 8 && bytes[1] == LOAD) continue;
    if (length < 8 || bytes[0] != VERSION || bytes[1] != ACK) {
      fprintf(stderr, "message type %d is not expected\n", bytes[1]);
      exit(1);
    }
    for (int i = 0, ids = get16(bytes + 2); i < ids; i++) {
      uint32_t id = get32(bytes + 8 + 4 * i), slot = id & ((1 << SLOT_BITS) - 1);
      if (slot >= (uint32_t)window || slot_id[slot] != id || slot_fd[slot] < 0) {
        fprintf(stderr, "id %u is not under way\n", id);
        exit(1);
      }
      close(slot_fd[slot]);
      slot_fd[slot] = -1;
      free_slots[free_count++] = (int)slot;
      in_flight--;
    }
  }
  /* Looked at again: other requests have been in the buffer since. */
  while (queue_first != queue_end && in_flight < window) examine(queue[queue_first++ % MAX_FD]);
}

static void open_channel(const char *path) {
  struct sockaddr_un address = unix_path(path);
  channel = must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
  must(connect(channel, (struct sockaddr *)&address, sizeof address), path);
  send_hello(channel, 0, WINDOW, "floor");
  uint8_t answer[512];
  ssize_t length = recv(channel, answer, sizeof answer, 0);
  if (length < 16 || answer[1] != HELLO) die("HELLO");
  window = get16(answer + 10);
  if (window > WINDOW) window = WINDOW;
  for (int slot = window - 1; slot >= 0; slot--) {
    slot_fd[slot] = -1;
    free_slots[free_count++] = slot;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("usage: front PORT BACKEND-SOCKET\n", stderr), 2;
  raise_descriptor_limit();
  open_channel(argv[2]);
  int listener = listen_tcp(atoi(argv[1]));
  local_address = loopback(atoi(argv[1]));

  /* What is the same in every message: header, local address, generation, scope, route. */
  message[0] = VERSION;
  message[1] = HANDOFF;
  put_address(message + 28, &local_address);
  put32(message + 48, 1);
  message[54] = 2; /* scope: connection */
  memcpy(message + FIXED, "\3\0\0\1/", 5);

  epoll_fd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll_fd, listener, EPOLLIN);
  watch(epoll_fd, channel, EPOLLIN);
  ready();
  for (;;) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll_fd, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(listener);
      else if (fd == channel) read_channel();
      else examine(fd);
    }
  }
}
