// What many of this package's tests begin with.

internal import ResilienceCore

/// Runs `body` in a simulation; what it returns, and what was observed.
package func simulate<Value: Sendable>(
  seed: UInt64 = 1, _ body: @escaping @Sendable (Simulation) async throws -> Value
) throws -> (value: Value, events: [String]) {
  let recorder = EventRecorder()
  let value = try Simulation(seed: seed).run { sim in
    try await CallContext.withObserver(recorder) { try await body(sim) }
  }
  return (value, recorder.descriptions)
}

/// Runs `body` with durations from both ends of their range: a run that ends since something sleeps until
/// the end of time has ended as well.
///
/// - Returns: Whether it came to its own end.
@discardableResult
package func untilTheEndOfTime(
  seed: UInt64, stepLimit: Int, _ body: @escaping @Sendable (Simulation) async throws -> Void
) throws -> Bool {
  do {
    try Simulation(seed: seed, stepLimit: stepLimit).run(body)
    return true
  } catch let error as SimulationError
    where error.reason == .deadlock && error.waiting.contains("a sleep without end")
  {
    return false
  }
}

/// Runs `body` in a child task that is cancelled after `duration` of virtual time, and waits for it.
package func cancelling(
  after duration: Duration, _ sim: Simulation, _ body: @escaping @Sendable () async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await body() }
    group.addTask { try? await sim.sleep(for: duration) }
    // Whoever is first: if it is the body, only the sleeper is cancelled.
    try await group.next()
    group.cancelAll()
    try await group.waitForAll()
  }
}
