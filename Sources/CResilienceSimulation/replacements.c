#define _GNU_SOURCE
#include "internal.h"

#if RESILIENCE_HAS_SLOTS
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t second = 1000000000;

// MARK: - Clocks

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_gettimeofday)(struct timeval *, void *);
static time_t (*real_time)(time_t *);

static int shows_virtual_time(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC
    || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
}

static int64_t wall_time(struct resilience_driver *driver) {
  resilience_count_reading(driver);
  return driver->wall(driver->owner);
}

static int64_t seconds_of(int64_t nanoseconds) {
  return nanoseconds / second - (nanoseconds % second < 0);
}

static int virtual_clock_gettime(clockid_t clock, struct timespec *time) {
  struct resilience_driver *driver = resilience_current_driver();
  if (!driver || !shows_virtual_time(clock)) return real_clock_gettime(clock, time);
  int64_t now;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
    now = wall_time(driver);
  } else {
    resilience_count_reading(driver);
    now = driver->monotonic(driver->owner);
  }
  time->tv_sec = seconds_of(now);
  time->tv_nsec = now - time->tv_sec * second;
  return 0;
}

static int virtual_gettimeofday(struct timeval *time, void *zone) {
  struct resilience_driver *driver = resilience_current_driver();
  if (!driver || !time) return real_gettimeofday(time, zone);
  int64_t now = wall_time(driver);
  time->tv_sec = seconds_of(now);
  time->tv_usec = (now - time->tv_sec * second) / 1000;
  return 0;
}

static time_t virtual_time(time_t *time) {
  struct resilience_driver *driver = resilience_current_driver();
  if (!driver) return real_time(time);
  time_t now = seconds_of(wall_time(driver));
  if (time) *time = now;
  return now;
}

// MARK: - Randomness

static long (*real_syscall)(long, ...);
static ssize_t (*real_getrandom)(void *, size_t, unsigned);

static void fill(struct resilience_driver *driver, void *bytes, size_t count) {
  for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
    uint64_t word = driver->random(driver->owner);
    memcpy((char *)bytes + i, &word, count - i < sizeof word ? count - i : sizeof word);
  }
}

// `SystemRandomNumberGenerator` asks the kernel without the C library.
static long syscall_or_seed(long number, long a, long b, long c, long d, long e, long f) {
  struct resilience_driver *driver = resilience_current_driver();
  if (!driver || number != SYS_getrandom) return real_syscall(number, a, b, c, d, e, f);
  fill(driver, (void *)a, (size_t)b);
  return b;
}

static ssize_t seeded_getrandom(void *bytes, size_t count, unsigned flags) {
  struct resilience_driver *driver = resilience_current_driver();
  if (!driver) return real_getrandom(bytes, count, flags);
  fill(driver, bytes, count);
  return (ssize_t)count;
}

// Foundation's `UUID()` reads the kernel's device, in a function of its own.
static void seeded_uuid(unsigned char bytes[16]) {
  struct resilience_driver *driver = resilience_current_driver();
  if (driver) fill(driver, bytes, 16);
  else real_getrandom(bytes, 16, 0);
  bytes[6] = (bytes[6] & 0x0F) | 0x40;
  bytes[8] = (bytes[8] & 0x3F) | 0x80;
}

// MARK: - Installation

// ThreadSanitizer's runtime is part of the program and calls the C library through variables of its own.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern void *sanitizer_clock_gettime __asm__("_ZN14__interception18real_clock_gettimeE") __attribute__((weak));
extern void *sanitizer_gettimeofday __asm__("_ZN14__interception17real_gettimeofdayE") __attribute__((weak));
extern void *sanitizer_time __asm__("_ZN14__interception9real_timeE") __attribute__((weak));

static void replace_in_sanitizer(void **variable, void **real, void *replacement) {
  if (!variable || !*variable) return;
  *real = *variable;
  __atomic_store_n(variable, replacement, __ATOMIC_RELEASE);
}

#define HAS_SANITIZER 1
#endif
#endif

static const struct resilience_slot_kind kinds[] = {
  {"clock_gettime", (void *)virtual_clock_gettime, 0, resilience_found_clocks},
  {"gettimeofday", (void *)virtual_gettimeofday, 0, 0},
  {"time", (void *)virtual_time, 0, 0},
  {"syscall", (void *)syscall_or_seed, 0, resilience_found_randomness},
  {"getrandom", (void *)seeded_getrandom, 0, 0},
  {"_foundation_uuid_generate_random", (void *)seeded_uuid, "/libFoundationEssentials.so", 0},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void find_originals(void) {
  real_clock_gettime = dlsym(RTLD_DEFAULT, "clock_gettime");
  real_gettimeofday = dlsym(RTLD_DEFAULT, "gettimeofday");
  real_time = dlsym(RTLD_DEFAULT, "time");
  real_syscall = dlsym(RTLD_DEFAULT, "syscall");
  real_getrandom = dlsym(RTLD_DEFAULT, "getrandom");
#ifdef HAS_SANITIZER
  replace_in_sanitizer(&sanitizer_clock_gettime, (void **)&real_clock_gettime, (void *)virtual_clock_gettime);
  replace_in_sanitizer(&sanitizer_gettimeofday, (void **)&real_gettimeofday, (void *)virtual_gettimeofday);
  replace_in_sanitizer(&sanitizer_time, (void **)&real_time, (void *)virtual_time);
#endif
}

int resilience_replace_slots(void) {
  pthread_once(&once, find_originals);
  pthread_mutex_lock(&mutex);
  int found = resilience_replace(kinds, sizeof kinds / sizeof *kinds);
  pthread_mutex_unlock(&mutex);
  return found;
}

#else
int resilience_replace_slots(void) { return 0; }
#endif
