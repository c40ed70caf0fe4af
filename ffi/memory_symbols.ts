/** The part of symbols.ts that is about memory and threads: addresses, and pages that processes share. */

/** Spread into the symbol table. */
export const MEMORY_SYMBOLS = {
  // --- pages in files: ftruncate(2), pread(2), pwrite(2), mmap(2), munmap(2) ---------------------------------------------------
  ftruncate: { parameters: ["i32", /* fd */ "i64" /* off_t length */], result: "i32" },
  pwrite: {
    parameters: [
      "i32", /* fd */
      "buffer", /* const void *buf */
      "usize", /* size_t count */
      "i64", /* off_t offset */
    ],
    result: "i32",
  },
  pread: {
    parameters: [
      "i32", /* fd */
      "buffer", /* void *buf */
      "usize", /* size_t count */
      "i64", /* off_t offset */
    ],
    result: "i32",
  },
  /** The address of the mapping, or of -1. */
  mmap: {
    parameters: [
      "usize", /* void *addr */
      "usize", /* size_t length */
      "i32", /* int prot */
      "i32", /* int flags */
      "i32", /* fd */
      "i64", /* off_t offset */
    ],
    result: "usize",
  },
  munmap: { parameters: ["usize", /* void *addr */ "usize" /* size_t length */], result: "i32" },

  // --- threads: gettid(2), tgkill(2), signal(2), dlsym(3) ------------------------------------------------------------
  syscall_gettid: { name: "syscall", parameters: ["i64" /* long number */], result: "i32" },
  syscall_tgkill: {
    name: "syscall",
    parameters: ["i64", /* long number */ "i32", /* pid_t tgid */ "i32", /* pid_t tid */ "i32" /* int sig */],
    result: "i32",
  },
  signal: { parameters: ["i32", /* int signum */ "usize" /* sighandler_t */], result: "usize" },
  dlsym: {
    parameters: ["usize", /* void *handle */ "buffer" /* const char *symbol */],
    result: "usize",
    optional: true,
  },

  // --- a process that shares this one's descriptors: clone(2), fdopen(3), pthread_sigmask(3), pidfd_getfd(2) ---------------
  clone: {
    parameters: [
      "usize", /* int (*fn)(void *) */
      "usize", /* void *stack */
      "i32", /* int flags */
      "usize", /* void *arg */
    ],
    result: "i32",
  },
  fdopen: { parameters: ["i32", /* int fd */ "buffer" /* const char *mode */], result: "usize" },
  pthread_sigmask: {
    parameters: ["i32", /* int how */ "buffer", /* const sigset_t *set */ "buffer" /* sigset_t *oldset */],
    result: "i32",
  },
  syscall_pidfd_getfd: {
    name: "syscall",
    parameters: ["i64", /* long number */ "i32", /* int pidfd */ "i32", /* int targetfd */ "u32" /* flags */],
    result: "i32",
  },

  // --- memory: the only doors to addresses, so that no Deno.UnsafePointer is needed -------------------------------
  __errno_location: { parameters: [], result: "usize" },
  /** memcpy(view, view, 0) copies nothing and returns its first argument: the address of the view. */
  memcpy_address: {
    name: "memcpy",
    parameters: ["buffer", /* void *dest */ "buffer", /* const void *src */ "usize" /* size_t n */],
    result: "usize",
  },
  memcpy_to: {
    name: "memcpy",
    parameters: [
      "usize", /* void *dest, as an address */
      "buffer", /* const void *src */
      "usize", /* size_t n */
    ],
    result: "void",
  },
  memcpy_from: {
    name: "memcpy",
    parameters: [
      "buffer", /* void *dest */
      "usize", /* const void *src, as an address */
      "usize", /* size_t n */
    ],
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;
