#define _GNU_SOURCE
#include "internal.h"

#if RESILIENCE_TAKES_OVER
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SWIFT_CALL __attribute__((swiftcall))

static const int64_t second = 1000000000;

// MARK: - Jobs

typedef SWIFT_CALL void enqueue_function(void *job);
typedef SWIFT_CALL void enqueue_hook(void *job, enqueue_function *original);

// Exported variables of the runtime, for those who replace its executors.
extern enqueue_hook *swift_task_enqueueGlobal_hook;
extern enqueue_hook *swift_task_enqueueMainExecutor_hook;

static enqueue_hook *global_before;
static enqueue_hook *main_before;

static SWIFT_CALL void enqueue_global(void *job, enqueue_function *original) {
  struct resilience_driver *driver = resilience_current_driver();
  if (driver) driver->enqueue(driver->owner, job, 0);
  else if (global_before) global_before(job, original);
  else original(job);
}

static SWIFT_CALL void enqueue_main(void *job, enqueue_function *original) {
  struct resilience_driver *driver = resilience_current_driver();
  if (driver) driver->enqueue(driver->owner, job, 1);
  else if (main_before) main_before(job, original);
  else original(job);
}

// MARK: - Dispatch, as the runtime's default executors call it

static void *main_queue;
static void (*real_dispatch_async)(void *queue, void *job, void (*run)(void *));
static void (*real_dispatch_after)(uint64_t when, void *queue, void *job, void (*run)(void *));

static void dispatch_async_job(void *queue, void *job, void (*run)(void *)) {
  struct resilience_driver *driver = resilience_current_driver();
  if (driver) driver->enqueue(driver->owner, job, queue == main_queue);
  else real_dispatch_async(queue, job, run);
}

// A `dispatch_time_t` of Linux is nanoseconds: of the clock that stops with the machine as it is, of the one that
// goes on with the highest bit, of the wall clock negated.
static void dispatch_after_job(uint64_t when, void *queue, void *job, void (*run)(void *)) {
  struct resilience_driver *driver = resilience_current_driver();
  if (!driver) {
    real_dispatch_after(when, queue, job, run);
    return;
  }
  const uint64_t two_bits = 3ull << 62;
  if (when == ~0ull) driver->enqueue_at(driver->owner, job, INT64_MAX, 0);
  else if ((when & two_bits) == two_bits) driver->enqueue_at(driver->owner, job, -(int64_t)when, 1);
  else driver->enqueue_at(driver->owner, job, (int64_t)(when & ~two_bits), 0);
}

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

// MARK: - Installation

// ThreadSanitizer's runtime is part of the program and calls the C library through variables of its own.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern int (*sanitizer_clock_gettime)(clockid_t, struct timespec *)
  __asm__("_ZN14__interception18real_clock_gettimeE") __attribute__((weak));
#define HAS_SANITIZER 1
#endif
#endif

static const struct resilience_slot_kind kinds[] = {
  {"clock_gettime", (void *)virtual_clock_gettime, 0, resilience_holds_clocks},
  {"gettimeofday", (void *)virtual_gettimeofday, 0, 0},
  {"time", (void *)virtual_time, 0, 0},
  {"syscall", (void *)syscall_or_seed, 0, resilience_holds_randomness},
  {"getrandom", (void *)seeded_getrandom, 0, 0},
  {"dispatch_async_f", (void *)dispatch_async_job, "/libswift_Concurrency.so", 0},
  {"dispatch_after_f", (void *)dispatch_after_job, "/libswift_Concurrency.so", resilience_holds_dispatch},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void find_originals(void) {
  real_clock_gettime = dlsym(RTLD_DEFAULT, "clock_gettime");
  real_gettimeofday = dlsym(RTLD_DEFAULT, "gettimeofday");
  real_time = dlsym(RTLD_DEFAULT, "time");
  real_syscall = dlsym(RTLD_DEFAULT, "syscall");
  real_getrandom = dlsym(RTLD_DEFAULT, "getrandom");
  real_dispatch_async = dlsym(RTLD_DEFAULT, "dispatch_async_f");
  real_dispatch_after = dlsym(RTLD_DEFAULT, "dispatch_after_f");
  main_queue = dlsym(RTLD_DEFAULT, "_dispatch_main_q");
#ifdef HAS_SANITIZER
  if (&sanitizer_clock_gettime && sanitizer_clock_gettime) {
    real_clock_gettime = sanitizer_clock_gettime;
    __atomic_store_n(&sanitizer_clock_gettime, virtual_clock_gettime, __ATOMIC_RELEASE);
  }
#endif
  global_before = swift_task_enqueueGlobal_hook;
  main_before = swift_task_enqueueMainExecutor_hook;
  __atomic_store_n(&swift_task_enqueueGlobal_hook, enqueue_global, __ATOMIC_RELEASE);
  __atomic_store_n(&swift_task_enqueueMainExecutor_hook, enqueue_main, __ATOMIC_RELEASE);
}

int resilience_take_over(void) {
  pthread_once(&once, find_originals);
  pthread_mutex_lock(&mutex);
  int found = resilience_replace_slots(kinds, sizeof kinds / sizeof *kinds);
  pthread_mutex_unlock(&mutex);
  return found | resilience_holds_tasks | resilience_holds_main_actor;
}

#else
int resilience_take_over(void) { return 0; }
#endif
