/*
 * Loaded with LD_PRELOAD before a node. Counts what changes files below CHIRON_IO_BELOW, and makes one of these calls fail,
 * or ends the process just before, in the middle of, or just after it. CHIRON_IO_CONTROL is a file of a struct control that
 * the test writes and reads while the process runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { NONE, CRASH_BEFORE, CRASH_WITHIN, CRASH_AFTER, FAIL };
enum operation { WRITE = 1, FLUSH = 2, NAME = 4 };

struct control {
  uint32_t fault;
  uint32_t operations; /* which are counted: enum operation, or-ed */
  uint32_t error;      /* errno of FAIL */
  uint32_t at;         /* the call that is hit, from 1 */
  _Atomic uint32_t count;
  _Atomic uint32_t hit; /* enum operation of the call that was hit */
  char part[128];       /* only paths with this in them count; empty: all */
  char path[360];       /* of the call that was hit */
};

static struct control *control;
static const char *below;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("CHIRON_IO_CONTROL");
  below = getenv("CHIRON_IO_BELOW");
  if (!path || !below) return;
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return;
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (mapped != MAP_FAILED) control = mapped;
}

static void *next(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

/* The fault of this call: NONE for all but one. */
static enum fault fault_of(enum operation operation, const char *path) {
  if (!control || control->fault == NONE || !(control->operations & operation)) return NONE;
  size_t length = strlen(below);
  if (strncmp(path, below, length) != 0 || (path[length] != '/' && path[length] != 0)) return NONE;
  if (control->part[0] && !strstr(path + length, control->part)) return NONE;
  if (atomic_fetch_add(&control->count, 1) + 1 != control->at) return NONE;
  strncpy(control->path, path + length, sizeof control->path - 1);
  atomic_store(&control->hit, operation);
  return control->fault;
}

static enum fault fault_of_fd(enum operation operation, int descriptor) {
  if (!control || control->fault == NONE) return NONE;
  char link[64], path[PATH_MAX];
  int kept = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (length < 0) return NONE;
  path[length] = 0;
  return fault_of(operation, path);
}

static void end(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* RUN does the call; HALF, for writes, does the first half of it. */
#define FAULTY(TYPE, FAULT, RUN, HALF) \
  do { \
    enum fault fault = FAULT; \
    if (fault == NONE) return RUN; \
    if (fault == FAIL) { errno = (int)control->error; return -1; } \
    if (fault == CRASH_WITHIN) { TYPE half = HALF; (void)half; end(); } \
    if (fault == CRASH_AFTER) { TYPE done = RUN; (void)done; } \
    end(); \
    return -1; \
  } while (0)

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = next("write");
  FAULTY(ssize_t, fault_of_fd(WRITE, fd), real(fd, bytes, count), real(fd, bytes, count / 2));
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = next("pwrite64");
  FAULTY(ssize_t, fault_of_fd(WRITE, fd), real(fd, bytes, count, offset), real(fd, bytes, count / 2, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  return pwrite(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static ssize_t (*real)(int, const struct iovec *, int);
  if (!real) real = next("writev");
  FAULTY(ssize_t, fault_of_fd(WRITE, fd), real(fd, parts, count), real(fd, parts, count / 2));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  static ssize_t (*real)(int, const struct iovec *, int, off_t);
  if (!real) real = next("pwritev64");
  FAULTY(ssize_t, fault_of_fd(WRITE, fd), real(fd, parts, count, offset), real(fd, parts, count / 2, offset));
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}

int ftruncate(int fd, off_t length) {
  static int (*real)(int, off_t);
  if (!real) real = next("ftruncate64");
  FAULTY(int, fault_of_fd(WRITE, fd), real(fd, length), 0);
}

int ftruncate64(int fd, off64_t length) {
  return ftruncate(fd, length);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = next("fsync");
  FAULTY(int, fault_of_fd(FLUSH, fd), real(fd), 0);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = next("fdatasync");
  FAULTY(int, fault_of_fd(FLUSH, fd), real(fd), 0);
}

int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = next("rename");
  FAULTY(int, fault_of(NAME, to), real(from, to), 0);
}

int unlink(const char *path) {
  static int (*real)(const char *);
  if (!real) real = next("unlink");
  FAULTY(int, fault_of(NAME, path), real(path), 0);
}
