/*
 * A client whose requests go to several targets in turn, on connections that it keeps for as long as the server does,
 * or on a new one each. Prints one line of JSON.
 *
 * usage: switch PORT CLIENTS SECONDS keep|close HOST PATH [HOST PATH]...
 */
#include "client.h"
#include <sys/resource.h>

enum { MAX_CLIENTS = 1024, MAX_TARGETS = 16, MAX_TIMES = 1 << 22, TEXT = 2048 };

struct client {
  int fd;
  unsigned turn;    /* which target is next */
  unsigned asked;   /* requests on this connection */
  int answered;     /* its last answer is whole; the server is to end it */
  double since;     /* when the request was begun, connecting included */
  size_t have;
  char text[TEXT];
};

static struct client clients[MAX_CLIENTS];
static const char *hosts[MAX_TARGETS], *paths[MAX_TARGETS];
static unsigned target_count;
static int epoll, port, keep;
static double times[MAX_TIMES];
static size_t requests, connections, failed;

static void connect_anew(struct client *c) {
  c->fd = open_connection(port);
  c->asked = 0;
  c->answered = 0;
  connections++;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event), "epoll_ctl");
}

static void disconnect(struct client *c) {
  close(c->fd);
  c->fd = -1;
}

/* Asks the target whose turn it is. */
static void go_on(struct client *c) {
  if (c->since == 0) c->since = now();
  for (;;) {
    if (c->fd < 0) connect_anew(c);
    c->have = 0;
    c->text[0] = 0;
    unsigned target = c->turn % target_count;
    c->asked++;
    if (ask(c->fd, hosts[target], paths[target], keep)) return;
    disconnect(c);
  }
}

/* The answer is whole. */
static void finish(struct client *c) {
  if (strncmp(c->text, "HTTP/1.1 200", 12) != 0) failed++;
  if (requests < MAX_TIMES) times[requests] = now() - c->since;
  requests++;
  c->turn++;
  c->since = 0;
  const char *end = strstr(c->text, "\r\n\r\n"), *said = strcasestr(c->text, "\r\nconnection: close");
  /* Then the server closes, as ab waits for it, too; otherwise the next request can go. */
  if (said != NULL && said < end + 2) c->answered = 1;
  else go_on(c);
}

static void on_readable(struct client *c) {
  ssize_t length = recv(c->fd, c->text + c->have, TEXT - 1 - c->have, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return;
  if (length > 0 && !c->answered) {
    c->have += (size_t)length;
    c->text[c->have] = 0;
    size_t size = whole(c->text);
    if (size != 0 && c->have >= size) finish(c);
    else if (c->have == TEXT - 1) die("an answer is too long");
    return;
  }
  /* An end before the first byte of an answer: a server may end a kept connection at any time, and one asks again. */
  if (!c->answered && (c->asked == 1 || c->have > 0)) failed++;
  disconnect(c);
  go_on(c);
}

int main(int argc, char **argv) {
  int count = argc > 6 ? atoi(argv[2]) : 0;
  double length = argc > 6 ? atof(argv[3]) : 0;
  target_count = (unsigned)(argc - 5) / 2;
  if (count < 1 || count > MAX_CLIENTS || length <= 0 || length > 600 || target_count > MAX_TARGETS) {
    return fputs("usage: switch PORT CLIENTS SECONDS keep|close HOST PATH [HOST PATH]...\n", stderr), 2;
  }
  alarm((unsigned)length + 2 * PATIENCE);
  port = atoi(argv[1]);
  keep = strcmp(argv[4], "keep") == 0;
  for (unsigned i = 0; i < target_count; i++) {
    hosts[i] = argv[5 + 2 * i];
    paths[i] = argv[6 + 2 * i];
  }
  epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  double start = now(), end = start + length, time;
  for (int i = 0; i < count; i++) {
    /* Half of them begin elsewhere, so that all targets have the same to do. */
    clients[i] = (struct client){.fd = -1, .turn = (unsigned)i};
    go_on(&clients[i]);
  }
  while ((time = now()) < end) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(epoll, events, EVENTS, PATIENCE * 1000);
    if (ready == 0) return fputs("no answer comes\n", stderr), 1;
    for (int i = 0; i < ready; i++) on_readable(events[i].data.ptr);
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  printf("{\"cpu\":%.0f,\"requests\":%zu,\"failed\":%zu,\"connections\":%zu,\"seconds\":%.6f,", cpu, requests, failed, connections,
         time - start);
  print_times("times", times, requests < MAX_TIMES ? requests : MAX_TIMES);
  printf("}\n");
  return 0;
}
