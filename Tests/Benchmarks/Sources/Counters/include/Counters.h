// What the standard library cannot tell: allocations, instructions, and the memory that is in use.
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/// Calls of malloc and its family, and the bytes asked for, by all threads while counting was on.
struct allocation_count {
  uint64_t calls;
  uint64_t bytes;
};

/// Whether allocations can be counted: with glibc, whose malloc this program takes the place of.
bool allocations_are_counted(void);
void allocations_start(void);
struct allocation_count allocations_stop(void);

/// Bytes in use by malloc, all arenas together; 0 where it cannot be told.
uint64_t allocated_bytes(void);

/// Opens the processor's counter of user instructions, for this thread and all that it will start.
/// Returns 0, or the errno of perf_event_open.
int perf_open(void);
uint64_t perf_read(void);

/// Whether valgrind runs this program. Everything below does nothing when it does not.
bool valgrind_runs(void);
void callgrind_start(void);
/// Writes what was counted since the start to callgrind's file, under a name, and stops counting.
void callgrind_stop(const char *name);

/// Executes about this many instructions.
void waste_instructions(uint64_t count);
/// Allocates and frees this many times.
void waste_allocations(uint64_t count);

#endif
