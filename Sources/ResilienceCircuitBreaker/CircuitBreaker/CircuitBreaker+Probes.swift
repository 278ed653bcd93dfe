internal import ResilienceCore

extension CircuitBreaker {
  /// Probes the destination with a health check, so that no call of a user is a probe while this runs; until
  /// it is cancelled.
  ///
  /// Once the open time is over, the check is made instead of calls, one after the other, until the breaker's
  /// policy has its decision: by as many checks as by calls. What the check throws counts as it does in
  /// ``run(_:)``. A check that outlasts ``CircuitBreakerPolicy/probeLease`` counts as a failure, and until it
  /// has ended calls are probes again, so that one which hangs shuts nobody out.
  /// Give it a timeout of its own.
  ///
  /// ```swift
  /// try await withThrowingTaskGroup { group in
  ///   group.addTask { try await breaker.runProbes { try await client.ping() } }
  ///   group.addTask { try await server.run() }
  ///   try await group.next()
  ///   group.cancelAll()
  /// }
  /// ```
  ///
  /// One that runs is enough for all who call through the breaker. It looks whether there is something to do
  /// each time an open time has passed, but at least once a second, by the clock of the task that runs it,
  /// and when an open time ends. A check that said nothing is repeated after an open time.
  ///
  /// - Parameter check: What a healthy destination answers to; makes no call through this breaker.
  /// - Throws: `CancellationError`, when the task is cancelled.
  public nonisolated(nonsending) func runProbes(
    _ check: nonisolated(nonsending) () async throws -> Void
  ) async throws {
    let context = CallContext.current
    defer { operate(at: .distantPast) { machine in (machine.isProbedByCheck = false, []) } }
    while true {
      try Task.checkCancellation()
      let token = admitCheck(context)
      if let token, await makeCheck(token, context, check) { continue }
      let next = nextCheck(after: context.readClock(), atMost: token == nil ? 1_000_000_000 : .max)
      try await context.clock.sleep(until: next)
    }
  }

  /// - Returns: Whether it said something of the destination. What did not is not asked again at once.
  private nonisolated(nonsending) func makeCheck(
    _ token: CircuitBreakerToken, _ context: CallContext,
    _ check: nonisolated(nonsending) () async throws -> Void
  ) async -> Bool {
    do {
      try await check()
      record(token, .success, context)
      return true
    } catch {
      let outcome = Outcome(ofError: error, in: context)
      recordThrown(token, outcome, error, context)
      return outcome.verdictOnDestination != .neutral
    }
  }

  private func admitCheck(_ context: CallContext) -> CircuitBreakerToken? {
    let now = context.readClock()
    return operate(at: now, observer: context) { machine in machine.admitCheck(at: now) }
  }

  /// When the breaker is half-open, and at the latest after an open time: it may have changed by then, by an
  /// update or by hand, and until that is noticed no call is a probe either.
  private func nextCheck(after now: Instant, atMost longest: Int64) -> Instant {
    machine.withLock { machine in
      let pause = min(longest, max(1_000_000, machine.rules.policy.openTime.clampedNanoseconds))
      let latest = now.advanced(byNanoseconds: pause)
      return machine.mode == .open ? min(machine.openUntil, latest) : latest
    }
  }
}
