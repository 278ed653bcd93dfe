import ResilienceCore
import ResilienceTestKit
import Testing

/// Our clocks where an `any Clock<Duration>` is asked for.
@Suite struct SwiftClockTests {
  /// What a package of somebody else might do.
  private func elapsed<C: Clock>(on clock: C, sleeping duration: Duration) async throws -> Duration
  where C.Duration == Duration {
    let begin = clock.now
    try await clock.sleep(for: duration, tolerance: .seconds(1))
    return begin.duration(to: clock.now)
  }

  private func elapsed(onAny clock: any Clock<Duration>, sleeping duration: Duration) async throws -> Duration
  {
    try await elapsed(on: clock, sleeping: duration)
  }

  @Test func theSimulationsClockIsOneOfSwifts() throws {
    let elapsed = try Simulation(seed: 1).run { sim in
      try await self.elapsed(onAny: sim.clock, sleeping: .seconds(3600))
    }
    #expect(elapsed == .seconds(3600))
  }

  @Test func aManualClockIsOneOfSwifts() async throws {
    let clock = ManualClock()
    async let elapsed = self.elapsed(onAny: clock, sleeping: .seconds(60))
    try await clock.waitForSleepers(1)
    clock.advance(by: .seconds(60))
    #expect(try await elapsed == .seconds(60))
    #expect(clock.minimumResolution == .nanoseconds(1))
  }

  @Test func theSystemsClockIsOneOfSwifts() async throws {
    #expect(try await elapsed(onAny: SystemClock(), sleeping: .milliseconds(2)) >= .milliseconds(2))
  }

  @Test func aCancelledSleeperOfSwiftsFormThrows() async throws {
    let clock = ManualClock()
    let sleeper = Task { try await self.elapsed(onAny: clock, sleeping: .seconds(60)) }
    try await clock.waitForSleepers(1)
    sleeper.cancel()
    let result = await sleeper.result
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(clock.sleeperCount == 0)
  }
}
