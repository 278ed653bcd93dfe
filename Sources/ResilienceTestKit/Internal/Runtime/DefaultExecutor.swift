#if compiler(>=6.3) && os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  @_spi(ExperimentalScheduling) @_spi(ExperimentalCustomExecutors) internal import _Concurrency
  internal import ResilienceCore

  /// The process's default executor, which tasks without a preference run on: it passes on what does not
  /// come from a thread that drives.
  ///
  /// It replaces the original in the first simulation of the process and has no state: the runtime reads
  /// the object and its functions one after the other, and whichever two it gets do the same.
  final class DefaultExecutor: TaskExecutor, SchedulingExecutor {
    static let original: any TaskExecutor = Task.defaultExecutor

    func enqueue(_ job: consuming ExecutorJob) {
      if let executor = Takeover.drivingExecutor {
        executor.enqueueUnbound(UnownedJob(job), isOnMainActor: false)
      } else {
        Self.original.enqueue(job)
      }
    }

    func enqueue<C: Clock>(
      _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
      if let executor = Takeover.drivingExecutor {
        executor.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
      } else if let original = Self.original as? any SchedulingExecutor {
        original.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
      } else {
        Self.original.enqueue(job)
      }
    }

    func enqueue<C: Clock>(
      _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
      if let executor = Takeover.drivingExecutor {
        executor.enqueue(job, at: instant, tolerance: tolerance, clock: clock)
      } else if let original = Self.original as? any SchedulingExecutor {
        original.enqueue(job, at: instant, tolerance: tolerance, clock: clock)
      } else {
        Self.original.enqueue(job)
      }
    }
  }
#endif
