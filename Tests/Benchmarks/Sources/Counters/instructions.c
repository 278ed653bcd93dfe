// Two ways to count user instructions: the processor's own counter, and valgrind's callgrind.
#include "Counters.h"

#include <errno.h>

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

static int perf = -1;

int perf_open(void) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_HARDWARE,
      .size = sizeof(struct perf_event_attr),
      .config = PERF_COUNT_HW_INSTRUCTIONS,
      .inherit = 1,
      .exclude_kernel = 1,
      .exclude_hv = 1,
  };
  perf = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
  return perf < 0 ? errno : 0;
}

uint64_t perf_read(void) {
  uint64_t count = 0;
  return read(perf, &count, sizeof count) == sizeof count ? count : 0;
}
#else
int perf_open(void) { return ENOSYS; }
uint64_t perf_read(void) { return 0; }
#endif

// valgrind's client requests, spelled out so that its headers are not needed: an instruction sequence that does nothing
// by itself, and that valgrind recognises.
static uintptr_t request(uintptr_t code, uintptr_t argument) {
  volatile uintptr_t arguments[6] = {code, argument, 0, 0, 0, 0};
  uintptr_t result = 0;
#if defined(__linux__) && defined(__x86_64__)
  __asm__ volatile(
      "rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
      : "=d"(result)
      : "a"(&arguments[0]), "0"(result)
      : "cc", "memory");
#elif defined(__linux__) && defined(__aarch64__)
  __asm__ volatile(
      "mov x3, %1; mov x4, %2\n\t"
      "ror x12, x12, #3; ror x12, x12, #13; ror x12, x12, #51; ror x12, x12, #61; orr x10, x10, x10\n\t"
      "mov %0, x3"
      : "=r"(result)
      : "r"(result), "r"(&arguments[0])
      : "cc", "memory", "x3", "x4");
#endif
  return result;
}

enum {
  running_on_valgrind = 0x1001,
  callgrind = 'C' << 24 | 'T' << 16,
  zero_statistics = callgrind + 1,
  dump_statistics_at = callgrind + 3,
  start_instrumentation = callgrind + 4,
  stop_instrumentation = callgrind + 5,
};

bool valgrind_runs(void) { return request(running_on_valgrind, 0) != 0; }

void callgrind_start(void) {
  request(start_instrumentation, 0);
  request(zero_statistics, 0);
}

void callgrind_stop(const char *name) {
  request(dump_statistics_at, (uintptr_t)name);
  request(stop_instrumentation, 0);
}

void waste_instructions(uint64_t count) {
  // Two instructions a round: the decrement and the jump.
  for (uint64_t rounds = count / 2; rounds > 0; rounds--) __asm__ volatile("");
}
