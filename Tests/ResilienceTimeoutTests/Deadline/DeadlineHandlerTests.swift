import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import ResilienceTimeout
import Testing

@Suite struct DeadlineHandlerTests {
  private let deadline = ServiceCall("stock") { (_: Int) in CallContext.current.deadline }

  @Test(arguments: [(500, 500), (2_000, 1_000)])
  func theEarlierDeadlineHolds(callers: Int64, expected: Int64) throws {
    let (seen, _) = try simulate { _ in
      try await deadline.deadline(.seconds(1)).handle(1, context: .current(deadline: .milliseconds(callers)))
    }
    #expect(seen == Deadline(at: .milliseconds(expected)))
  }

  @Test(arguments: [true, false])
  func ofNestedDeadlinesTheEarlierHolds(outerIsEarlier: Bool) throws {
    let (inner, outer): (Duration, Duration) =
      outerIsEarlier ? (.seconds(5), .seconds(1)) : (.seconds(1), .seconds(5))
    let (seen, _) = try simulate { _ in try await deadline.deadline(inner).deadline(outer)(1) }
    #expect(seen == Deadline(at: .milliseconds(1_000)))
  }

  @Test func expiredWorkIsNotBegun() throws {
    let (_, events) = try simulate { sim in
      let call = ServiceCall("stock") { (_: Int) in Issue.record("begun after its deadline") }
      try await sim.sleep(for: .milliseconds(100))
      await #expect(throws: DeadlineExceeded(call: "stock", overdue: .milliseconds(60))) {
        try await call.deadline(.seconds(1)).handle(1, context: .current(deadline: .milliseconds(40)))
      }
    }
    #expect(events == ["timeout.refused call=stock overdue_seconds=0.06"])
  }

  @Test func doesNotInterrupt() throws {
    let (end, events) = try simulate { sim in
      let call = ServiceCall("stock") { (_: Int) in
        try await sim.sleep(for: .seconds(9))
        return sim.now
      }
      return try await call.deadline(.seconds(1))(1)
    }
    #expect(end == .milliseconds(9_000))
    #expect(events.isEmpty)
  }

  @Test func runsOnTheCallersActor() async throws {
    try await onMainActor()
  }

  @MainActor private func onMainActor() async throws {
    let call = ServiceCall { (_: Int) in MainActor.assertIsolated() }
    try await call.deadline(.seconds(60))(1)
  }

  @Test func aRefusalIsNeutralAndSaysNoTimeToTryAgain() {
    let refusal = DeadlineExceeded(call: "stock", overdue: .milliseconds(12))
    #expect(Outcome(ofError: refusal).verdict == .neutral)
    #expect(Outcome(ofError: refusal) == .neutral)
    #expect(refusal.retryAt == nil)
    #expect("\(refusal)" == "stock was not begun: its deadline had passed 12 ms before")
  }
}
