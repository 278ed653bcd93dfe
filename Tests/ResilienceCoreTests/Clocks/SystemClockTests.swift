import ResilienceCore
import ResilienceTestKit
import Testing

// The only tests that wait on the real clock: it is what they test. They prove "not before" and "at all",
// never "soon".
@Suite struct SystemClockTests {
  @Test func neverDecreases() {
    let clock = SystemClock()
    var last = clock.now
    for _ in 0..<10_000 {
      let next = clock.now
      #expect(last <= next)
      last = next
    }
  }

  @Test func wakesSleepersNotBeforeTheirTime() async throws {
    let clock = SystemClock()
    try await withThrowingTaskGroup { group in
      for milliseconds in [3, 1, 2, 1, 3] {
        group.addTask {
          let due = clock.now.advanced(by: .milliseconds(milliseconds))
          try await clock.sleep(until: due)
          #expect(due <= clock.now)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aCancelledSleepEndsAtOnce() async {
    let sleeper = Task { try await SystemClock().sleep(for: .seconds(3600)) }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
  }

  @Test func timersOfManyThreadsRunNotEarlyOrAreTakenBack() async {
    let clock = SystemClock()
    let early = Log<Int64>()
    let ended = Log<Bool>()
    await withTaskGroup { group in
      for thread in 0..<4 as Range<Int64> {
        group.addTask {
          for number in 0..<500 as Range<Int64> {
            let due = clock.now.advanced(byNanoseconds: (thread * 500 + number) * 1000)
            let token = clock.schedule(at: due) {
              if clock.now < due { early.append(due.nanoseconds) }
              ended.append(true)
            }
            if number % 2 == 0, clock.cancel(token) { ended.append(false) }
          }
        }
      }
    }
    while ended.entries.count < 2000 { await Task.yield() }
    #expect(early.entries.isEmpty)
    #expect(ended.entries.count == 2000, "each ran, or was taken back, once")
  }

  /// The action goes outside the timer's lock: an object that only it held may take back a timer of its own.
  @Test func takingATimerBackMayEndAnObjectThatTakesItsOwnBack() {
    let clock = SystemClock()
    let later = clock.now.advanced(by: .seconds(1000))
    let token = clock.schedule(at: later) { [owner = TimerOwner(clock, later)] in _ = owner }
    #expect(clock.cancel(token))
  }
}

private final class TimerOwner: Sendable {
  private let clock: SystemClock
  private let token: TimerToken

  init(_ clock: SystemClock, _ instant: Instant) {
    self.clock = clock
    token = clock.schedule(at: instant) {}
  }

  deinit {
    clock.cancel(token)
  }
}
