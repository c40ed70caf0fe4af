/*
 * A client that speaks TLS. Prints one line of JSON.
 *
 * usage: tls handshakes PORT PATH CLIENTS COUNT full|resumed
 *        tls download PORT PATH STREAMS
 *
 * handshakes: each client makes one connection after the other, with TLS 1.3 and X25519, and gets a ticket on each. With
 * a PATH it asks for that and reads the answer; with "-" it ends the connection when the ticket is there, which is the
 * first that a server says after the handshake. download: so many at a time, decrypted and thrown away.
 */
#include "client.h"
#include <openssl/ssl.h>

enum { SIZE = 1 << 18, MAX_CLIENTS = 1024 };

/* One of those that ask: its connection, and what it resumes next time. */
struct client {
  int fd;
  SSL *ssl;
  SSL_SESSION *session;
  enum { SHAKING, READING } stage;
  int ticket;
  size_t have, want;
};

static struct client clients[MAX_CLIENTS];
static char bytes[SIZE];
static SSL_CTX *context;
static const char *path;
static int port, epoll, resume, open_clients, failed, resumed;

static int on_session(SSL *ssl, SSL_SESSION *session) {
  struct client *client = SSL_get_app_data(ssl);
  client->ticket = 1;
  if (!resume) return 0;
  SSL_SESSION_free(client->session);
  client->session = session;
  return 1;
}

static void begin(struct client *client) {
  client->fd = open_connection(port);
  must(fcntl(client->fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  client->ssl = SSL_new(context);
  if (client->ssl == NULL || SSL_set_fd(client->ssl, client->fd) != 1) die("SSL_new");
  SSL_set_app_data(client->ssl, client);
  SSL_set_tlsext_host_name(client->ssl, "localhost");
  if (client->session != NULL) SSL_set_session(client->ssl, client->session);
  client->stage = SHAKING;
  client->ticket = 0;
  client->have = client->want = 0;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event), "EPOLL_CTL_ADD");
}

static void end(struct client *client, int good) {
  if (!good) failed++;
  if (SSL_session_reused(client->ssl)) resumed++;
  SSL_shutdown(client->ssl);
  SSL_free(client->ssl);
  close(client->fd);
}

static void ask_for_path(struct client *client) {
  char request[2048];
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                        path);
  SSL_write(client->ssl, request, length);
}

/* Goes on with a connection: 1 when it is over, and how it went is in *good. */
static int go_on(struct client *client, int *good, size_t *total) {
  int silent = strcmp(path, "-") == 0;
  if (client->stage == SHAKING) {
    int result = SSL_connect(client->ssl);
    if (result != 1) return *good = 0, SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ;
    client->stage = READING;
    if (!silent) ask_for_path(client);
  }
  for (;;) {
    int length = SSL_read(client->ssl, bytes, SIZE - 1);
    if (silent && client->ticket) return *good = 1;
    if (length <= 0) {
      *good = client->have > 0 && client->have == client->want;
      return SSL_get_error(client->ssl, length) != SSL_ERROR_WANT_READ;
    }
    bytes[length] = 0;
    if (client->have == 0) client->want = strncmp(bytes, "HTTP/1.1 200", 12) == 0 ? whole(bytes) : 0;
    client->have += (size_t)length;
    *total += (size_t)length;
  }
}

/* So many connections in all, so many at a time; bytes that came on them. */
static size_t run(int at_a_time, int count) {
  size_t total = 0;
  int begun = 0;
  for (; open_clients < at_a_time && begun < count; open_clients++) begin(&clients[begun++]);
  while (open_clients > 0) {
    struct epoll_event events[EVENTS];
    int ready = must(epoll_wait(epoll, events, EVENTS, PATIENCE * 1000), "epoll_wait");
    if (ready == 0) break;
    for (int i = 0; i < ready; i++) {
      struct client *client = events[i].data.ptr;
      int good;
      if (!go_on(client, &good, &total)) continue;
      end(client, good);
      if (begun < count) begun++, begin(client);
      else open_clients--;
    }
  }
  failed += open_clients;
  return total;
}

int main(int argc, char **argv) {
  int handshakes = argc == 7 && strcmp(argv[1], "handshakes") == 0;
  int at_a_time = handshakes || (argc == 5 && strcmp(argv[1], "download") == 0) ? atoi(argv[4]) : 0;
  int count = handshakes ? atoi(argv[5]) : at_a_time;
  if (at_a_time <= 0 || at_a_time > MAX_CLIENTS || count < at_a_time || count > 1000000) {
    return fputs("usage: tls handshakes PORT PATH CLIENTS COUNT full|resumed | tls download PORT PATH STREAMS\n",
                 stderr), 2;
  }
  alarm(600);
  signal(SIGPIPE, SIG_IGN);
  port = atoi(argv[2]);
  path = argv[3];
  resume = handshakes && strcmp(argv[6], "resumed") == 0;
  epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  context = SSL_CTX_new(TLS_client_method());
  if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(context, "X25519") != 1) die("SSL_CTX_new");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_session);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 1 << 16);
  if (resume) run(at_a_time, at_a_time); /* each gets its first ticket */
  resumed = 0;
  double start = now();
  size_t total = run(at_a_time, count);
  double seconds = now() - start;
  printf("{\"failed\":%d,\"resumed\":%d,\"bytes\":%zu,\"seconds\":%.6f}\n", failed, resumed, total, seconds);
  return 0;
}
