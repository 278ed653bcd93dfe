import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import ResilienceTimeout
import Testing

@Suite struct TimeLimitTests {
  @Test(arguments: [
    (Deadline.never, TimeLimit.Decision.begin(deadline: Deadline(at: .milliseconds(1_300)))),
    (Deadline(at: .milliseconds(9_999)), .begin(deadline: Deadline(at: .milliseconds(1_300)))),
    (Deadline(at: .milliseconds(1_200)), .begin(deadline: Deadline(at: .milliseconds(1_200)))),
    (Deadline(at: .milliseconds(1_001)), .begin(deadline: Deadline(at: .milliseconds(1_001)))),
    (Deadline(at: .milliseconds(1_000)), .refuse(overdueNanoseconds: 0)),
    (Deadline(at: .milliseconds(998)), .refuse(overdueNanoseconds: 2_000_000)),
  ])
  func theEarlierDeadlineHolds(deadline: Deadline, expected: TimeLimit.Decision) {
    let limit = TimeLimit(.milliseconds(300))
    #expect(limit.decision(at: .milliseconds(1_000), deadline: deadline) == expected)
  }

  @Test(arguments: [
    (Duration.nanoseconds(7), 7 as Int64), (.nanoseconds(1) / 2, 1), (.seconds(Int64.max), .max),
  ])
  func isWholeNanoseconds(limit: Duration, nanoseconds: Int64) {
    #expect(TimeLimit(limit).nanoseconds == nanoseconds)
    #expect(TimeLimit(limit).duration == .nanoseconds(nanoseconds))
  }

  @Test func saysWhatItIs() {
    #expect("\(TimeLimit(.seconds(3)))" == "3 s")
    #expect("\(TimeLimit(.milliseconds(1_500)))" == "1500 ms")
  }

  @Test func aLimitWithoutEndSaturates() {
    let decision = TimeLimit(.seconds(Int64.max)).decision(at: .milliseconds(1_000))
    #expect(decision == .begin(deadline: .never))
  }

  @Test func noTimeAtAllIsRefusedWithTheValue() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = TimeLimit(.zero)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("a time limit must be more than 0, was 0.0 seconds"))
  }

  // MARK: - Inline

  private final class NotSendable {
    var deadline = Deadline.never
  }

  private actor Shelf {
    var count = 0

    func take() async throws -> NotSendable {
      try await TimeLimit(.seconds(1)).run {
        self.assertIsolated()
        count += 1
        let result = NotSendable()
        result.deadline = CallContext.current.deadline
        return result
      }
    }

    func deadline() async throws -> Deadline { try await take().deadline }
  }

  @Test func runsInsideAnActorWithAResultThatIsNotSendable() throws {
    let (deadline, _) = try simulate { sim in
      try await sim.sleep(for: .seconds(2))
      return try await Shelf().deadline()
    }
    #expect(deadline == Deadline(at: .milliseconds(3_000)))
  }

  @MainActor @Test func staysOnTheMainActor() async throws {
    var ran = false
    try await TimeLimit(.seconds(60)).run {
      MainActor.assertIsolated()
      ran = true
    }
    #expect(ran)
  }

  @Test func theDeadlineEndsWithTheBody() throws {
    try Simulation(seed: 1).run { _ in
      try await TimeLimit(.seconds(1)).run {
        try await TimeLimit(.seconds(5)).run {
          #expect(CallContext.current.deadline == Deadline(at: .milliseconds(1_000)))
        }
      }
      #expect(CallContext.current.deadline == .never)
    }
  }

  @Test func aLateResultIsReturned() throws {
    let (value, events) = try simulate { sim in
      try await TimeLimit(.seconds(1)).run {
        try await sim.sleep(for: .seconds(2))
        return 7
      }
    }
    #expect(value == 7)
    #expect(events.isEmpty)
  }

  @Test func expiredWorkIsNotBegun() throws {
    let (_, events) = try simulate { sim in
      try await TimeLimit(.seconds(1)).run {
        try await sim.sleep(for: .seconds(3))
        await #expect(throws: DeadlineExceeded(overdue: .seconds(2))) {
          try await TimeLimit(.seconds(1)).run { Issue.record("begun after its deadline") }
        }
      }
    }
    #expect(events == ["timeout.refused overdue_seconds=2.0"])
  }
}
