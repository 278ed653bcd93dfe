#include "internal.h"
#include <pthread.h>
#include <setjmp.h>

static _Thread_local struct resilience_driver *current;
static _Thread_local jmp_buf *way_out;

struct resilience_driver *resilience_current_driver(void) { return current; }

struct resilience_driver *resilience_drive(struct resilience_driver *driver) {
  struct resilience_driver *before = current;
  current = driver;
  return before;
}

void resilience_count_reading(struct resilience_driver *driver) {
  if (driver->reads_left == 0 || --driver->reads_left > 0) return;
  if (way_out) longjmp(*way_out, 1);
}

struct apart {
  struct resilience_driver *driver;
  void (*body)(void *argument);
  void *argument;
  int result;
};

static void *run_apart(void *argument) {
  struct apart *apart = argument;
  jmp_buf out;
  way_out = &out;
  current = apart->driver;
  // A job that never gives way can only be left where it stands. What the runtime keeps for this thread ends with
  // the thread, so nobody reads the frames that are gone.
  if (setjmp(out) == 0) {
    apart->body(apart->argument);
    apart->result = 0;
  } else {
    apart->result = 1;
  }
  current = 0;
  way_out = 0;
  return 0;
}

int resilience_run_apart(struct resilience_driver *driver, void (*body)(void *argument), void *argument) {
  struct apart apart = {driver, body, argument, -1};
  pthread_t thread;
  if (pthread_create(&thread, 0, run_apart, &apart) != 0) return -1;
  pthread_join(thread, 0);
  return apart.result;
}
