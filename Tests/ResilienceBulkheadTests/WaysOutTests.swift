import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceBulkhead

private struct Refused: Rejection {
  var retryAt: Instant? { nil }
}

/// Each way out of a call, against the room and the waiting place that it takes in a bulkhead.
@Suite struct WaysOutTests {
  enum Way: String, CaseIterable, Sendable {
    case success, failure
    /// After the deadline, which is 1 s.
    case lateFailure, lateValue
    case refusalInside
    case cancellation, cancellationByAnotherError
    /// Left running when its time was up.
    case abandonment
  }

  private static let limits: [BulkheadLimit] = [
    .fixed(1), .adaptive(AdaptiveLimitPolicy(initial: 1, maximum: 1)),
  ]

  private func leaf(_ way: Way, _ sim: Simulation, _ began: Log<Instant>) -> ServiceCall<Void, Void> {
    ServiceCall("leaf") { (_: Void) in
      began.append(sim.now)
      switch way {
      case .success: break
      case .failure: throw Broken()
      case .lateFailure:
        try await sim.sleep(for: .seconds(2))
        throw Broken()
      case .lateValue: try await sim.sleep(for: .seconds(2))
      case .refusalInside: throw Refused()
      case .cancellation: try await sim.sleep(for: .seconds(2))
      case .cancellationByAnotherError:
        do { try await sim.sleep(for: .seconds(2)) } catch { throw Broken() }
      case .abandonment:
        await deaf(for: .seconds(3))
        throw Broken()
      }
    }
  }

  /// Calls with a deadline of 1 s, and ends the call in its way.
  ///
  /// - Parameter midway: Asked when whoever waits has left, or is about to, and the call may still run.
  private func play(
    _ way: Way, _ sim: Simulation, midway: () async throws -> Void,
    _ call: @escaping @Sendable (CallContext) async throws -> Void
  ) async throws -> Result<Void, any Error> {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: .s(1)))
    let tightened = context
    let task = Task.immediate(executorPreference: context.executor) { try await call(tightened) }
    switch way {
    case .cancellation, .cancellationByAnotherError:
      try await sim.sleep(for: .milliseconds(500))
      try await midway()
      task.cancel()
    case .abandonment:
      try await sim.sleep(for: .seconds(1))
      task.cancel()
      try await sim.sleep(for: .seconds(1))
      try await midway()
    case .lateFailure, .lateValue:
      try await sim.sleep(for: .milliseconds(1500))
      try await midway()
    case .success, .failure, .refusalInside: break
    }
    return await task.result
  }

  /// Not before the work has really ended.
  @Test(arguments: limits, Way.allCases)
  func row39_roomComesBackOnEveryWayOut(limit: BulkheadLimit, way: Way) throws {
    for isInline in [false, true] {
      try Simulation(seed: 1).run { sim in
        let bulkhead = Bulkhead("inventory", limit: limit)
        let leaf = leaf(way, sim, Log())
        let call = leaf.bulkhead(bulkhead)
        _ = try await play(way, sim, midway: { #expect(bulkhead.snapshot().inUse == 1) }) { context in
          if isInline {
            try await bulkhead.run { try await leaf.handle((), context: context) }
          } else {
            try await call.handle((), context: context)
          }
        }
        let snapshot = bulkhead.snapshot()
        #expect((snapshot.inUse, snapshot.rejected, snapshot.cancelled) == (0, 0, 0))
        try await bulkhead.run {}
      }
    }
  }

  /// What an adaptive limit learns from before it knows how long calls take: successes alone.
  private static let teaching: Set<Way> = [.success, .lateValue]

  @Test(arguments: Way.allCases)
  func row66_anAdaptiveLimitLearnsFromWhatSaysSomethingAboutTheDestination(way: Way) throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("inventory", limit: .adaptive(AdaptiveLimitPolicy(initial: 1, maximum: 1)))
      let call = leaf(way, sim, Log()).bulkhead(bulkhead)
      _ = try await play(way, sim, midway: {}) { try await call.handle((), context: $0) }
      let counted = bulkhead.storage.withGuarded { $0.adaptive?.window.count }
      #expect(counted == (Self.teaching.contains(way) ? 1 : 0))
    }
  }

  /// The call waits, and goes in when the only place is free at 0.2 s; or its way ends while it waits.
  private static let ends: [Way: (waited: Int, rejected: Int, cancelled: Int)] = [
    .success: (1, 0, 0), .failure: (1, 0, 0), .lateFailure: (0, 1, 0), .lateValue: (0, 1, 0),
    .refusalInside: (1, 0, 0), .cancellation: (0, 0, 1), .cancellationByAnotherError: (0, 0, 1),
    .abandonment: (0, 1, 0),
  ]

  @Test(arguments: limits, Way.allCases)
  func row37_aWaitingPlaceComesBackOnEveryWayOut(limit: BulkheadLimit, way: Way) throws {
    let expected = try #require(Self.ends[way])
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("inventory", limit: limit, maxWaiting: 1)
      let began = Log<Instant>()
      let call = leaf(way, sim, began).bulkhead(bulkhead)
      let occupant = Task.immediate(executorPreference: CallContext.current.executor) {
        try await bulkhead.run { await deaf(for: expected.waited == 1 ? .milliseconds(200) : .seconds(5)) }
      }
      let result = try await play(
        way, sim,
        midway: {
          // Its own deadline ends a wait before anybody else does.
          #expect(bulkhead.snapshot().waiting == (expected.cancelled == 1 ? 1 : 0))
        }
      ) { try await call.handle((), context: $0) }
      #expect(bulkhead.snapshot().waiting == 0)
      try await occupant.value
      let snapshot = bulkhead.snapshot()
      #expect((snapshot.waited, snapshot.rejected, snapshot.cancelled) == expected)
      #expect((snapshot.inUse, snapshot.waiting) == (0, 0))
      #expect(began.entries == (expected.waited == 1 ? [.s(0.2)] : []))
      if expected.rejected == 1 {
        let full = BulkheadFull(bulkhead: "inventory", reason: .deadline, limit: 1, waiting: 0)
        #expect(throws: full) { try result.get() }
      } else if expected.cancelled == 1 {
        #expect(throws: CancellationError.self) { try result.get() }
      }
      try await bulkhead.run {}
    }
  }
}

/// Waits, whether it is cancelled or not.
private func deaf(for duration: Duration) async {
  let clock = CallContext.current.clock
  await withUnsafeContinuation { continuation in
    _ = clock.schedule(at: clock.now.advanced(by: duration)) { continuation.resume() }
  }
}
