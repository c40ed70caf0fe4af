/**
 * The C functions this project calls, each parameter beside its C declaration. Only this folder says C names.
 *
 * Conventions, all of them measured rather than guessed:
 * - `ssize_t` results are `i32`: every buffer here is far below 2³¹ bytes, and a `number` stays on the fast call path.
 * - `size_t` parameters are `usize` and take a `bigint` constant; a length that changes from call to call lives in an
 *   `iovec` instead, where writing it allocates nothing.
 * - Pointers to memory that JavaScript owns are `buffer`; `null` is a null pointer.
 * - One C function may stand here under several names, one for each way its arguments are typed.
 *
 * @module
 */

import { MEMORY_SYMBOLS } from "./memory_symbols.ts";

/** The symbol table given to `Deno.dlopen`. */
export const SYMBOLS = {
  // --- sockets: socket(2), bind(2), listen(2), accept(2), connect(2) ---------------------------------------------
  socket: { parameters: ["i32", /* domain */ "i32", /* type */ "i32" /* protocol */], result: "i32" },
  socketpair: {
    parameters: ["i32", /* domain */ "i32", /* type */ "i32", /* protocol */ "buffer" /* int sv[2] */],
    result: "i32",
  },
  bind: {
    parameters: ["i32", /* fd */ "buffer", /* const struct sockaddr *addr */ "u32" /* socklen_t */],
    result: "i32",
  },
  listen: { parameters: ["i32", /* fd */ "i32" /* backlog */], result: "i32" },
  accept4: {
    parameters: [
      "i32", /* fd */
      "buffer", /* struct sockaddr *addr */
      "buffer", /* socklen_t *addrlen */
      "i32", /* flags */
    ],
    result: "i32",
  },
  connect: {
    parameters: ["i32", /* fd */ "buffer", /* const struct sockaddr *addr */ "u32" /* socklen_t */],
    result: "i32",
  },
  shutdown: { parameters: ["i32", /* fd */ "i32" /* how */], result: "i32" },
  getsockname: {
    parameters: ["i32", /* fd */ "buffer", /* struct sockaddr *addr */ "buffer" /* socklen_t *addrlen */],
    result: "i32",
  },
  getpeername: {
    parameters: ["i32", /* fd */ "buffer", /* struct sockaddr *addr */ "buffer" /* socklen_t *addrlen */],
    result: "i32",
  },
  getsockopt: {
    parameters: [
      "i32", /* fd */
      "i32", /* level */
      "i32", /* optname */
      "buffer", /* void *optval */
      "buffer", /* socklen_t *optlen */
    ],
    result: "i32",
  },
  setsockopt: {
    parameters: [
      "i32", /* fd */
      "i32", /* level */
      "i32", /* optname */
      "buffer", /* const void *optval */
      "u32", /* socklen_t optlen */
    ],
    result: "i32",
  },

  // --- bytes: recv(2), send(2), recvmsg(2), sendmsg(2), read(2), write(2), sendfile(2), splice(2) -----------------
  recv: {
    parameters: ["i32", /* fd */ "buffer", /* void *buf */ "usize", /* size_t len */ "i32" /* flags */],
    result: "i32",
  },
  send: {
    parameters: ["i32", /* fd */ "buffer", /* const void *buf */ "usize", /* size_t len */ "i32" /* flags */],
    result: "i32",
  },
  recvmsg: {
    parameters: ["i32", /* fd */ "buffer", /* struct msghdr *msg */ "i32" /* flags */],
    result: "i32",
  },
  sendmsg: {
    parameters: ["i32", /* fd */ "buffer", /* const struct msghdr *msg */ "i32" /* flags */],
    result: "i32",
  },
  read: {
    parameters: ["i32", /* fd */ "buffer", /* void *buf */ "usize" /* size_t count */],
    result: "i32",
  },
  write: {
    parameters: ["i32", /* fd */ "buffer", /* const void *buf */ "usize" /* size_t count */],
    result: "i32",
  },
  sendfile: {
    parameters: [
      "i32", /* out_fd */
      "i32", /* in_fd */
      "buffer", /* off_t *offset */
      "usize", /* size_t count */
    ],
    result: "i32",
  },

  splice: {
    parameters: [
      "i32", /* fd_in */
      "buffer", /* off_t *off_in */
      "i32", /* fd_out */
      "buffer", /* off_t *off_out */
      "usize", /* size_t size */
      "u32", /* unsigned int flags */
    ],
    result: "i32",
  },

  // --- descriptors: close(2), fcntl(2), ioctl(2), pipe(2) --------------------------------------------------------
  close: { parameters: ["i32" /* fd */], result: "i32" },
  fcntl: { parameters: ["i32", /* fd */ "i32", /* cmd */ "i32" /* int arg */], result: "i32" },
  dup3: { parameters: ["i32", /* oldfd */ "i32", /* newfd */ "i32" /* flags */], result: "i32" },
  fcntl_lock: {
    name: "fcntl",
    parameters: ["i32", /* fd */ "i32", /* cmd */ "buffer" /* struct flock *arg */],
    result: "i32",
  },
  ioctl: {
    parameters: ["i32", /* fd */ "usize", /* unsigned long op */ "buffer" /* int *argp */],
    result: "i32",
  },
  pipe2: { parameters: ["buffer", /* int pipefd[2] */ "i32" /* flags */], result: "i32" },

  // --- waiting: epoll_create(2), epoll_ctl(2), epoll_wait(2), eventfd(2), inotify(7) ------------------------------
  epoll_create1: { parameters: ["i32" /* flags */], result: "i32" },
  epoll_ctl: {
    parameters: ["i32", /* epfd */ "i32", /* op */ "i32", /* fd */ "buffer" /* struct epoll_event *event */],
    result: "i32",
  },
  epoll_wait: {
    parameters: [
      "i32", /* epfd */
      "buffer", /* struct epoll_event *events */
      "i32", /* maxevents */
      "i32", /* timeout, ms */
    ],
    result: "i32",
  },
  /** The same on a thread of its own: costs a thread hop, so once per sleep, never per event. */
  epoll_wait_elsewhere: {
    name: "epoll_wait",
    parameters: [
      "i32", /* epfd */
      "buffer", /* struct epoll_event *events */
      "i32", /* maxevents */
      "i32", /* timeout, ms */
    ],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", /* initval */ "i32" /* flags */], result: "i32" },
  inotify_init1: { parameters: ["i32" /* flags */], result: "i32" },
  inotify_add_watch: {
    parameters: ["i32", /* fd */ "buffer", /* const char *pathname */ "u32" /* uint32_t mask */],
    result: "i32",
  },
  inotify_rm_watch: { parameters: ["i32", /* fd */ "i32" /* wd */], result: "i32" },

  // --- files: unlink(2), chmod(2), chown(2), mkdir(2), statx(2), openat2(2) ---------------------------------------
  unlink: { parameters: ["buffer" /* const char *pathname */], result: "i32" },
  rename: { parameters: ["buffer", /* const char *old */ "buffer" /* const char *new */], result: "i32" },
  chmod: { parameters: ["buffer", /* const char *pathname */ "u32" /* mode_t mode */], result: "i32" },
  chown: {
    parameters: ["buffer", /* const char *pathname */ "u32", /* uid_t owner */ "u32" /* gid_t group */],
    result: "i32",
  },
  flock: { parameters: ["i32", /* int fd */ "i32" /* int operation */], result: "i32" },
  rmdir: { parameters: ["buffer" /* const char *pathname */], result: "i32" },
  mkfifo: { parameters: ["buffer", /* const char *pathname */ "u32" /* mode_t mode */], result: "i32" },
  mkdir: { parameters: ["buffer", /* const char *pathname */ "u32" /* mode_t mode */], result: "i32" },
  statx: {
    parameters: [
      "i32", /* dirfd */
      "buffer", /* const char *pathname */
      "i32", /* flags */
      "u32", /* mask */
      "buffer", /* struct statx *statxbuf */
    ],
    result: "i32",
  },
  open: {
    parameters: ["buffer", /* const char *pathname */ "i32", /* flags */ "u32" /* mode_t mode */],
    result: "i32",
  },
  getdents64: {
    parameters: ["i32", /* int fd */ "buffer", /* void *dirp */ "usize" /* size_t count */],
    // As many as there is room for: it fits.
    result: "i32",
    optional: true,
  },
  /** libc has no wrapper for openat2(2). */
  syscall_openat2: {
    name: "syscall",
    parameters: [
      "i64", /* SYS_openat2 */
      "i32", /* dirfd */
      "buffer", /* const char *pathname */
      "buffer", /* struct open_how *how */
      "usize", /* size_t size */
    ],
    result: "i32",
  },

  /** glibc has a wrapper for close_range(2) since 2.34. */
  syscall_close_range: {
    name: "syscall",
    parameters: ["i64", /* SYS_close_range */ "u32", /* first */ "u32", /* last */ "u32" /* flags */],
    result: "i32",
  },

  // --- processes: getpid(2), getuid(2), kill(2), prctl(2), getrlimit(2), clock_gettime(2) -------------------------
  getpid: { parameters: [], result: "i32" },
  getppid: { parameters: [], result: "i32" },
  geteuid: { parameters: [], result: "u32" },
  clock_gettime: { parameters: ["i32", /* clockid_t */ "buffer" /* struct timespec *tp */], result: "i32" },
  kill: { parameters: ["i32", /* pid_t pid */ "i32" /* sig */], result: "i32" },
  prctl: {
    parameters: [
      "i32", /* option */
      "usize", /* arg2 */
      "usize", /* arg3 */
      "usize", /* arg4 */
      "usize", /* arg5 */
    ],
    result: "i32",
  },
  getrlimit: { parameters: ["i32", /* resource */ "buffer" /* struct rlimit *rlim */], result: "i32" },
  setrlimit: { parameters: ["i32", /* resource */ "buffer" /* const struct rlimit *rlim */], result: "i32" },

  // --- other processes: posix_spawn(3), pidfd_open(2), waitid(2) ---------------------------------------------------
  posix_spawn: {
    parameters: [
      "buffer", /* pid_t *pid */
      "buffer", /* const char *path */
      "buffer", /* const posix_spawn_file_actions_t *file_actions */
      "buffer", /* const posix_spawnattr_t *attrp */
      "buffer", /* char *const argv[] */
      "buffer", /* char *const envp[] */
    ],
    result: "i32", /* an errno number itself; errno is not set */
  },
  posix_spawn_file_actions_init: {
    parameters: ["buffer" /* posix_spawn_file_actions_t * */],
    result: "i32",
  },
  posix_spawn_file_actions_destroy: {
    parameters: ["buffer" /* posix_spawn_file_actions_t * */],
    result: "i32",
  },
  posix_spawn_file_actions_adddup2: {
    parameters: ["buffer", /* posix_spawn_file_actions_t * */ "i32", /* fd */ "i32" /* newfd */],
    result: "i32",
  },
  /** glibc 2.34. */
  posix_spawn_file_actions_addclosefrom_np: {
    parameters: ["buffer", /* posix_spawn_file_actions_t * */ "i32" /* from */],
    result: "i32",
    optional: true,
  },
  posix_spawn_file_actions_addchdir_np: {
    parameters: ["buffer", /* posix_spawn_file_actions_t * */ "buffer" /* const char *path */],
    result: "i32",
    optional: true,
  },
  posix_spawnattr_init: { parameters: ["buffer" /* posix_spawnattr_t * */], result: "i32" },
  posix_spawnattr_setflags: {
    parameters: ["buffer", /* posix_spawnattr_t * */ "i16" /* short flags */],
    result: "i32",
  },
  posix_spawnattr_setsigdefault: {
    parameters: ["buffer", /* posix_spawnattr_t * */ "buffer" /* const sigset_t * */],
    result: "i32",
  },
  posix_spawnattr_setsigmask: {
    parameters: ["buffer", /* posix_spawnattr_t * */ "buffer" /* const sigset_t * */],
    result: "i32",
  },
  /** libc has a wrapper for pidfd_open(2) since 2.36 only. */
  syscall_pidfd_open: {
    name: "syscall",
    parameters: ["i64", /* SYS_pidfd_open */ "i32", /* pid_t pid */ "u32" /* unsigned int flags */],
    result: "i32",
  },
  waitid: {
    parameters: [
      "i32", /* idtype_t idtype */
      "u32", /* id_t id */
      "buffer", /* siginfo_t *infop */
      "i32", /* int options */
    ],
    result: "i32",
  },
  memfd_create: {
    parameters: ["buffer", /* const char *name */ "u32" /* unsigned int flags */],
    result: "i32",
  },
  lseek: { parameters: ["i32", /* fd */ "i64", /* off_t offset */ "i32" /* whence */], result: "i64" },
  faccessat: {
    parameters: [
      "i32", /* dirfd */
      "buffer", /* const char *pathname */
      "i32", /* mode */
      "i32", /* flags */
    ],
    result: "i32",
  },

  ...MEMORY_SYMBOLS,
} as const satisfies Deno.ForeignLibraryInterface;
