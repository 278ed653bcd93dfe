import ResilienceCore
import ResilienceTestKit
import ResilienceTimeout
import Testing

/// Instants and durations from both ends: nothing traps, and what comes out keeps its promise.
@Suite struct EndsOfTimeTests {
  static let extremes: [Int64] = [
    .min, .min + 1, -1_000_000_001, -1, 0, 1, 999_999_999, 1_000_000_000, .max / 2, .max - 1, .max,
  ]

  @Test func row73_aLimitsDecisionTakesAnything() {
    for limit in Self.extremes where limit > 0 {
      for now in Self.extremes {
        for deadline in Self.extremes {
          let caller = Deadline(at: Instant(nanoseconds: deadline))
          let decision = TimeLimit(.nanoseconds(limit)).decision(
            at: Instant(nanoseconds: now), deadline: caller)
          switch decision {
          case .refuse(let overdue):
            #expect(deadline <= now)
            #expect(overdue >= 0)
          case .begin(let given):
            #expect(deadline > now)
            #expect(given.instant <= caller.instant && given.instant.nanoseconds > now)
          }
        }
      }
    }
  }

  /// Limits of any length around calls that end at once and calls that take a while, in the middle of time.
  @Test(arguments: [1, 999_999_999, .max - 1, .max] as [Int64])
  func row73_aLimitOfAnyLengthIsKept(nanoseconds: Int64) throws {
    try Simulation(seed: 1).run { sim in
      for limit in [Duration.nanoseconds(nanoseconds), .seconds(nanoseconds)] {
        let abandoned = AbandonedWork("payment")
        let quick = ServiceCall { (number: Int) in number }
        let slow = ServiceCall { (number: Int) in
          try await sim.sleep(for: .seconds(1))
          return number
        }
        let isEnough = limit > .seconds(1)
        for call in [quick, slow] {
          let stacks: [AnyHandler<Int, Int>] = [
            call.timeout(limit).erased(), call.deadline(limit).erased(),
            call.timeout(limit, abandoning: abandoned).erased(),
          ]
          for stack in stacks {
            let value = try? await stack(7)
            #expect(value == 7 || !isEnough)
          }
        }
        #expect(abandoned.snapshot().total == 0)
      }
    }
  }

  /// What a failure that comes too late asks for is handed on, however absurd.
  @Test func row73_theErrorOfALimitTakesAnyPushback() {
    for nanoseconds in Self.extremes {
      for pushback in [Duration.nanoseconds(nanoseconds), .seconds(nanoseconds)] {
        let error = TimedOut(limit: pushback, pushback: .retryAfter(pushback))
        #expect(Outcome(ofError: error) == .failure(.retryAfter(pushback)))
        #expect(!"\(error)".isEmpty)
      }
    }
  }
}
