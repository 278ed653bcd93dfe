import ResilienceCore
import Testing

// The only tests that wait on the real clock: it is what they test. They prove "not before" and "at all", never "soon".
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
