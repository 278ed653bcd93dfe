import ResilienceCore
import ResilienceTestKit

struct Failure: Error, Hashable {
  var number = 0
}

struct Refusal: Rejection, Hashable {
  var retryAt: Instant?
}

struct Pushed: Error, PushbackProviding {
  var pushback: Pushback
}

extension Instant {
  static func milliseconds(_ value: Int64) -> Instant { Instant(nanoseconds: value * 1_000_000) }
}

extension CallContext {
  /// What a call made here starts from, with a deadline.
  static func current(deadline: Instant) -> CallContext {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: deadline))
    return context
  }
}

/// Runs `body` in a simulation, and returns what was observed and the events' descriptions.
func simulate<Value: Sendable>(
  seed: UInt64 = 1, _ body: @escaping @Sendable (Simulation) async throws -> Value
) throws -> (value: Value, events: [String]) {
  let recorder = EventRecorder()
  let value = try Simulation(seed: seed).run { sim in
    try await Ambient.withObserver(recorder) { try await body(sim) }
  }
  return (value, recorder.descriptions)
}

/// Runs `body` in a child task that is cancelled after `duration` of virtual time, and waits for it.
func cancelling(
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
