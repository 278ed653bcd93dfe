#if compiler(>=6.3) && os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  @_spi(ExperimentalScheduling) internal import _Concurrency
  internal import ResilienceCore

  // Every sleep of Swift's clocks asks the executor that it runs on; the clocks show virtual time.
  extension SimulationExecutor: SchedulingExecutor {
    func enqueue<C: Clock>(
      _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
      sleep(UnownedJob(job), for: delay)
    }

    func enqueue<C: Clock>(
      _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
      sleep(UnownedJob(job), for: clock.now.duration(to: instant))
    }

    private func sleep(_ job: UnownedJob, for delay: some DurationProtocol) {
      // The runtime itself has no clock whose durations are others.
      let delay = delay as? Swift.Duration ?? .zero
      schedule(job, at: timeline.instant.advanced(by: delay))
    }
  }
#endif
