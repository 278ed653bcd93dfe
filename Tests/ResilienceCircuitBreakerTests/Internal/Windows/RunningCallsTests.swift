import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceCircuitBreaker

@Suite struct RunningCallsTests {
  /// A thread that was held up between reading the clock and its call.
  @Test func aCallWithATimeBeforeThatOfOverdueOnesIsCountedOnce() {
    var calls = RunningCalls(threshold: 80)
    let first = calls.enter(at: Instant(nanoseconds: 1000))
    #expect(calls.nextExpiry(by: Instant(nanoseconds: 1100)) == Instant(nanoseconds: 1090))
    calls.expireNext()
    let late = calls.enter(at: Instant(nanoseconds: 1005))
    #expect(calls.overdue == 1)
    calls.leave(late)
    #expect(calls.overdue == 1)
    calls.leave(first)
    #expect(calls.overdue == 0)
  }

  private func expire(_ running: inout RunningCalls, by now: Instant) {
    while running.nextExpiry(by: now) != nil { running.expireNext() }
  }

  @Test func aCallIsOverdueAtTheThresholdOrAnEighthLater() {
    var running = RunningCalls(threshold: 8_000_000_000)
    let first = running.enter(at: .s(0.25))
    expire(&running, by: .s(8.999))
    #expect(running.overdue == 0)
    let expiry = running.nextExpiry(by: .s(100))
    #expect(expiry == .s(9))
    expire(&running, by: .s(9))
    #expect(running.overdue == 1)
    running.leave(first)
    #expect(running.overdue == 0)
  }

  /// Against a list of all starts.
  @Test(arguments: 1...10)
  func agreesWithAListOfAllCalls(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let threshold: Int64 = [8_000, 1, 7, 1_000_003][Int(seed) % 4]
    let width = max(1, (threshold + 7) / 8)
    var running = RunningCalls(threshold: threshold)
    var starts: [Instant] = []
    var (now, isExact) = (Int64(0), true)
    for _ in 0..<3000 {
      // Now and then a long rest, and a clock that was read a little before.
      now += Int64(random.next(below: Int(threshold))) / 4 * (random.next(below: 50) == 0 ? 1000 : 1)
      let instant = Instant(nanoseconds: now - Int64(random.next(below: 2)) * width / 3)
      expire(&running, by: instant)
      if random.next(below: 5) < 3 {
        starts.append(running.enter(at: instant))
      } else if !starts.isEmpty {
        running.leave(starts.remove(at: random.next(below: starts.count)))
      }
      expire(&running, by: Instant(nanoseconds: now))
      isExact =
        isExact && running.overdue == starts.count { ($0.nanoseconds / width + 1) * width + threshold <= now }
    }
    #expect(isExact)
  }
}
