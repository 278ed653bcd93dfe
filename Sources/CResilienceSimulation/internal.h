#include "CResilienceSimulation.h"

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__linux__) && defined(__GLIBC__) && defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define RESILIENCE_HAS_SLOTS 1
#else
#define RESILIENCE_HAS_SLOTS 0
#endif

/// A function that is called through slots of the loaded libraries, and what is called on a thread that drives.
struct resilience_slot_kind {
  const char *name;
  void *replacement;
  /// Only in the library whose path contains this; `NULL`: in all but those that keep time.
  const char *only_in;
  int found;
};

/// Replaces the slots of all loaded libraries; which kinds were found, as bits.
int resilience_replace(const struct resilience_slot_kind *kinds, size_t count);
