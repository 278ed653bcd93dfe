#ifndef C_RESILIENCE_SIMULATION_H
#define C_RESILIENCE_SIMULATION_H

#include <stddef.h>
#include <stdint.h>

/// What a thread that drives a simulation has, and whom the runtime's calls on it go to.
struct resilience_driver {
  void *owner;
  /// The instant of the monotonic clocks, and the wall clock, in nanoseconds.
  int64_t (*monotonic)(void *owner);
  int64_t (*wall)(void *owner);
  uint64_t (*random)(void *owner);
  /// While above zero: how often the present job may still read a clock before it is given up.
  int64_t reads_left;
};

/// Which slots were found: bits of the result of `resilience_replace_slots`.
enum {
  resilience_found_clocks = 1,
  resilience_found_randomness = 2,
};

/// Replaces what reads clocks and randomness in all loaded libraries, also in those that were loaded since the last
/// time.
int resilience_replace_slots(void);

/// The driver of the calling thread, or null.
struct resilience_driver *resilience_current_driver(void);

/// Makes the calling thread drive, or no longer drive; the driver before.
struct resilience_driver *resilience_drive(struct resilience_driver *driver);

/// Counts one reading of a clock by a job that may be given up. Does not return when it was one too many.
void resilience_count_reading(struct resilience_driver *driver);

/// Runs `body` on a thread of its own, which drives, and waits for it.
///
/// - Returns: 0 when `body` returned, 1 when a job read clocks without end and was left in the middle, -1 when
///   there is no thread to be had.
int resilience_run_apart(struct resilience_driver *driver, void (*body)(void *argument), void *argument);

#endif
