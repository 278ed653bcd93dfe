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
}
