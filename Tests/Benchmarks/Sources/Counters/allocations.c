// Takes the place of malloc and its family, to count. While counting is off it costs one load a call.
#include "Counters.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__linux__)
#include <features.h>
#endif

#ifdef __GLIBC__
#include <errno.h>
#include <malloc.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_bool counting;
static atomic_uint_fast64_t calls;
static atomic_uint_fast64_t bytes;

static inline void count(size_t size) {
  if (!atomic_load_explicit(&counting, memory_order_relaxed)) return;
  atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&bytes, size, memory_order_relaxed);
}

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
  count(size);
  return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **pointer, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *memory = memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *pointer = memory;
  return 0;
}

bool allocations_are_counted(void) { return true; }

void allocations_start(void) {
  atomic_store(&calls, 0);
  atomic_store(&bytes, 0);
  atomic_store(&counting, true);
}

struct allocation_count allocations_stop(void) {
  atomic_store(&counting, false);
  return (struct allocation_count){atomic_load(&calls), atomic_load(&bytes)};
}

uint64_t allocated_bytes(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

#else

bool allocations_are_counted(void) { return false; }
void allocations_start(void) {}
struct allocation_count allocations_stop(void) { return (struct allocation_count){0, 0}; }
uint64_t allocated_bytes(void) { return 0; }

#endif

void waste_allocations(uint64_t count) {
  for (uint64_t index = 0; index < count; index++) {
    void *volatile memory = malloc(16);
    free(memory);
  }
}
