#if compiler(>=6.3) && os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  @_spi(ExperimentalScheduling) @_spi(ExperimentalCustomExecutors) internal import _Concurrency
  internal import ResilienceCore

  /// The main actor's executor, as ``DefaultExecutor`` is the tasks': one that passes on, and has no state.
  final class MainActorExecutor: MainExecutor, SchedulingExecutor {
    static let original: any MainExecutor = MainActor.executor

    func enqueue(_ job: consuming ExecutorJob) {
      if let executor = Takeover.drivingExecutor {
        executor.enqueueUnbound(UnownedJob(job), isOnMainActor: true)
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

    // MARK: - The main thread

    func run() throws { try Self.original.run() }

    func runUntil(_ condition: () -> Bool) throws { try Self.original.runUntil(condition) }

    func stop() { Self.original.stop() }

    var isMainExecutor: Bool { true }

    func checkIsolated() { Self.original.checkIsolated() }

    func isIsolatingCurrentContext() -> Bool? { Self.original.isIsolatingCurrentContext() }
  }
#endif
