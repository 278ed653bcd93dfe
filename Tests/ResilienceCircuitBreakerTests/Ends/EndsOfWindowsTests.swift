import ResilienceCore
import Testing

@testable import ResilienceCircuitBreaker

/// What the state machine counts with, against lists and wider numbers, from both ends of time and backwards.
@Suite struct EndsOfWindowsTests {
  private static func floor(_ value: Int64, by divisor: Int64) -> Int128 {
    let (quotient, rest) = Int128(value).quotientAndRemainder(dividingBy: Int128(divisor))
    return rest < 0 ? quotient - 1 : quotient
  }

  /// Takes no more steps than there are pieces of the threshold, however far time goes.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func runningCallsAreOverdueAsInAList(seed: UInt64) {
    let extremes = Extremes(seed: seed)
    let threshold = extremes.duration().clampedNanoseconds
    let width = threshold / 8 + (threshold % 8 == 0 ? 0 : 1)
    var running = RunningCalls(threshold: threshold)
    var calls: [(start: Instant, due: Int128, isOverdue: Bool)] = []
    var (now, most) = (extremes.instant(), 0)
    for _ in 0..<200 {
      now = extremes.instant(after: now)
      var steps = 0
      while running.nextExpiry(by: now) != nil {
        running.expireNext()
        steps += 1
      }
      most = max(most, steps)
      for index in calls.indices where calls[index].due <= now.nanoseconds && calls[index].due < Int64.max {
        calls[index].isOverdue = true
      }
      #expect(running.overdue == calls.count { $0.isOverdue })
      if extremes.below(3) > 0 {
        let start = running.enter(at: now)
        let due = (Self.floor(start.nanoseconds, by: width) + 1) * Int128(width) + Int128(threshold)
        calls.append((start, due, false))
      } else if !calls.isEmpty {
        running.leave(calls.remove(at: extremes.below(calls.count)).start)
      }
    }
    #expect(most <= 16)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func aTimeWindowForgetsAsAList(seed: UInt64) {
    let extremes = Extremes(seed: seed)
    let slices = extremes.one(of: [1, 2, 10, 60])
    let nanoseconds = max(Int64(slices), extremes.duration().clampedNanoseconds)
    let width = nanoseconds / Int64(slices)
    var window = TimeWindow(nanoseconds: nanoseconds, slices: slices)
    var tally = CallTally()
    var (present, kept): (Int128, [(slice: Int128, failed: Bool)]) = (.min, [])
    var now = extremes.instant()
    for _ in 0..<200 {
      now = extremes.instant(after: now)
      let failed = extremes.below(2) == 0
      window.append(CallResult(failed: failed, slow: false), at: now, to: &tally)
      present = max(present, Self.floor(now.nanoseconds, by: width))
      kept.append((present, failed))
      kept.removeAll { $0.slice <= present - Int128(slices) }
      #expect(tally.calls == kept.count)
      #expect(tally.failures == kept.count { $0.failed })
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func aCountWindowForgivesAsAList(seed: UInt64) {
    let extremes = Extremes(seed: seed)
    let capacity = extremes.one(of: [1, 3, 64, 100])
    let maxAge = max(8, extremes.duration().clampedNanoseconds)
    var window = CountWindow(capacity: capacity, tracksSlow: false, maxAge: maxAge)
    var tally = CallTally()
    var (present, kept): (Int128, [(slice: Int128, failed: Bool)]) = (.min, [])
    var now = extremes.instant()
    for _ in 0..<200 {
      now = extremes.instant(after: now)
      _ = window.forgive(by: now, &tally)
      present = max(present, Self.floor(now.nanoseconds, by: maxAge / 8))
      let failed = extremes.below(2) == 0
      window.append(CallResult(failed: failed, slow: false), to: &tally)
      if failed { window.noteAge(at: now) }
      kept = (kept + [(present, failed)]).suffix(capacity)
      #expect(tally.calls == kept.count)
      #expect(tally.failures == kept.count { $0.failed && $0.slice > present - 8 })
    }
  }
}
