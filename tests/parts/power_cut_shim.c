/* Records what a program does to files under NET_DISK, in order, into NET_TRACE: for tests of power cuts.
 *
 * One entry: operation, inode, offset, length of each of two texts, the texts. The texts are paths, except that
 * the second one of a write is what was written. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static const char *disk;
#define REAL(name, type) static __typeof__(type) real; if (!real) real = (__typeof__(type))dlsym(RTLD_NEXT, name)

static int ours(const char *path) { return disk && strncmp(path, disk, strlen(disk)) == 0; }

static void named(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, PATH_MAX - 1);
  path[n < 0 ? 0 : n] = 0;
}

static void told(char what, unsigned long long ino, unsigned long long at, const char *one, size_t n1,
                 const void *two, size_t n2) {
  REAL("write", ssize_t (*)(int, const void *, size_t));
  unsigned long long head[5] = {(unsigned long long)what, ino, at, n1, n2};
  pthread_mutex_lock(&turn);
  real(trace, head, sizeof head); real(trace, one, n1); real(trace, two, n2);
  pthread_mutex_unlock(&turn);
}

__attribute__((constructor)) static void begin(void) {
  REAL("open", int (*)(const char *, int, ...));
  disk = getenv("NET_DISK");
  const char *to = getenv("NET_TRACE");
  if (disk && to) trace = fcntl(real(to, O_WRONLY | O_APPEND | O_CREAT, 0600), F_DUPFD_CLOEXEC, 900);
}

static void told_fd(char what, int fd, unsigned long long at, const void *data, size_t n) {
  char path[PATH_MAX]; struct stat found;
  named(fd, path);
  if (!ours(path) || fstat(fd, &found)) return;
  told(S_ISDIR(found.st_mode) && what == 'S' ? 'D' : what, found.st_ino, at, path, strlen(path), data, n);
}

static void created(int fd) { if (fd >= 0) told_fd('C', fd, 0, "", 0); }

#define OPEN(name) \
int name(const char *path, int flags, ...) { \
  REAL(#name, int (*)(const char *, int, ...)); \
  va_list more; va_start(more, flags); int mode = flags & O_CREAT ? va_arg(more, int) : 0; va_end(more); \
  int fresh = (flags & O_CREAT) && access(path, F_OK); \
  int fd = real(path, flags, mode); \
  if (fresh) created(fd); \
  else if (fd >= 0 && (flags & O_TRUNC)) told_fd('T', fd, 0, "", 0); \
  return fd; }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
int name(int at, const char *path, int flags, ...) { \
  REAL(#name, int (*)(int, const char *, int, ...)); \
  va_list more; va_start(more, flags); int mode = flags & O_CREAT ? va_arg(more, int) : 0; va_end(more); \
  int fresh = (flags & O_CREAT) && faccessat(at, path, F_OK, 0); \
  int fd = real(at, path, flags, mode); \
  if (fresh) created(fd); \
  return fd; }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t n) {
  REAL("write", ssize_t (*)(int, const void *, size_t));
  off_t at = lseek(fd, 0, SEEK_CUR);
  if (fcntl(fd, F_GETFL) & O_APPEND) { struct stat found; if (!fstat(fd, &found)) at = found.st_size; }
  ssize_t done = real(fd, data, n);
  if (done > 0 && disk) told_fd('W', fd, at, data, done);
  return done;
}

#define PWRITE(name) \
ssize_t name(int fd, const void *data, size_t n, off_t at) { \
  REAL(#name, ssize_t (*)(int, const void *, size_t, off_t)); \
  ssize_t done = real(fd, data, n, at); \
  if (done > 0) told_fd('W', fd, at, data, done); \
  return done; }
PWRITE(pwrite)
PWRITE(pwrite64)

#define CUT(name) \
int name(int fd, off_t to) { \
  REAL(#name, int (*)(int, off_t)); \
  int done = real(fd, to); \
  if (!done) told_fd('T', fd, to, "", 0); \
  return done; }
CUT(ftruncate)
CUT(ftruncate64)

#define SYNC(name) \
int name(int fd) { \
  REAL(#name, int (*)(int)); \
  int done = real(fd); \
  if (!done) told_fd('S', fd, 0, "", 0); \
  return done; }
SYNC(fsync)
SYNC(fdatasync)

static void told_path(char what, const char *one, const char *two) {
  struct stat found; const char *last = *two ? two : one;
  unsigned long long ino = what != 'U' && !stat(last, &found) ? found.st_ino : 0;
  if (ours(one)) told(what, ino, 0, one, strlen(one), two, strlen(two));
}
int rename(const char *one, const char *two) {
  REAL("rename", int (*)(const char *, const char *));
  int done = real(one, two); if (!done) told_path('R', one, two); return done; }
int link(const char *one, const char *two) {
  REAL("link", int (*)(const char *, const char *));
  int done = real(one, two); if (!done) told_path('L', one, two); return done; }
int unlink(const char *one) {
  REAL("unlink", int (*)(const char *));
  int done = real(one); if (!done) told_path('U', one, ""); return done; }
int mkdir(const char *one, mode_t mode) {
  REAL("mkdir", int (*)(const char *, mode_t));
  int done = real(one, mode); if (!done) told_path('M', one, ""); return done; }
