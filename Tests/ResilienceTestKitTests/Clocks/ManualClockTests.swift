import ResilienceCore
import ResilienceTestKit
import Testing

@Suite struct ManualClockTests {
  @Test func runsDueActionsInOrderEachAtItsInstant() {
    let clock = ManualClock()
    let seen = Log<Int64>()
    for second in [3, 1, 2, 9] {
      _ = clock.schedule(at: Instant(nanoseconds: Int64(second) * 1_000_000_000)) {
        seen.append(clock.now.nanoseconds / 1_000_000_000)
      }
    }
    clock.advance(by: .seconds(5))
    #expect(seen.entries == [1, 2, 3])
    #expect(clock.now == Instant(nanoseconds: 5_000_000_000))
    #expect(clock.sleeperCount == 1)
  }

  @Test func anActionMayArmAnother() {
    let clock = ManualClock()
    let seen = Log<Int64>()
    _ = clock.schedule(at: Instant(nanoseconds: 10)) {
      _ = clock.schedule(at: Instant(nanoseconds: 20)) { seen.append(clock.now.nanoseconds) }
    }
    clock.advance(by: .nanoseconds(30))
    #expect(seen.entries == [20])
  }

  @Test func aCancelledTimerNeverRuns() {
    let clock = ManualClock()
    let token = clock.schedule(at: Instant(nanoseconds: 10)) { Issue.record("ran") }
    #expect(clock.cancel(token))
    #expect(!clock.cancel(token))
    clock.advance(by: .nanoseconds(10))
    #expect(clock.sleeperCount == 0)
  }

  @Test func waitsUntilSleepersHaveParked() async throws {
    let clock = ManualClock()
    try await withThrowingTaskGroup { group in
      for _ in 0..<3 { group.addTask { try await clock.sleep(for: .seconds(1)) } }
      try await clock.waitForSleepers(3)
      #expect(clock.sleeperCount == 3)
      clock.advance(by: .seconds(1))
      try await group.waitForAll()
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test func aCancelledSleeperLeavesNoTimer() async {
    let clock = ManualClock()
    let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
    try? await clock.waitForSleepers(1)
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleeperCount == 0)
  }

  /// The action goes outside the clock's lock: an object that only it held may take back a timer of its own.
  @Test func takingATimerBackMayEndAnObjectThatTakesItsOwnBack() {
    let clock = ManualClock()
    let token = clock.schedule(at: Instant(nanoseconds: 2)) { [owner = TimerOwner(clock)] in _ = owner }
    #expect(clock.sleeperCount == 2)
    #expect(clock.cancel(token))
    #expect(clock.sleeperCount == 0)
  }
}

private final class TimerOwner: Sendable {
  private let clock: ManualClock
  private let token: TimerToken

  init(_ clock: ManualClock) {
    self.clock = clock
    token = clock.schedule(at: Instant(nanoseconds: 1)) {}
  }

  deinit {
    clock.cancel(token)
  }
}
