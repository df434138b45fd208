/* Every read is a short one: at most seven bytes. Loaded in front of the C library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/types.h>

static size_t little(size_t count) { return count < 7 ? count : 7; }

ssize_t read(int file, void *buffer, size_t count) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  return real(file, buffer, little(count));
}

ssize_t pread64(int file, void *buffer, size_t count, off_t offset) {
  static ssize_t (*real)(int, void *, size_t, off_t);
  if (!real) real = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread64");
  return real(file, buffer, little(count), offset);
}
