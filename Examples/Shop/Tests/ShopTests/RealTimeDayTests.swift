import Resilience
import ResilienceTestKit
import Synchronization
import Testing

@testable import shop

@Suite struct RealTimeDayTests {
  @Test func aScaledClockRunsSoManyTimesAsFast() throws {
    try Simulation(seed: 1).run { simulation in
      let clock = ScaledClock(simulation.clock, factor: 100)
      let began = simulation.now
      try await clock.sleep(for: .seconds(50))
      #expect(began.duration(to: simulation.now) == .milliseconds(500))
      #expect(clock.now == Instant(nanoseconds: 50_000_000_000))
      // What is due after the end of time never comes, and does not trap.
      let token = clock.schedule(at: Instant(nanoseconds: .max)) {}
      #expect(clock.cancel(token))
    }
  }

  @Test func theDayTakesTwoMinutesAndEndsWell() throws {
    let content = InvoiceFile.Content(lines: GeneratedDay.lines(seed: 7))
    let shown = Mutex<[Int]>([])
    try Simulation(seed: 7).run { simulation in
      let began = simulation.now
      let result = try await RealTimeDay(content: content).run { moment in
        shown.withLock { $0.append(moment.sample.second) }
      }
      let seconds = began.duration(to: simulation.now) / .seconds(1)
      #expect((120.0...125).contains(seconds))
      #expect(result.figures.brokenInvariants == [])
      #expect(result.figures.orders.completedShare >= 0.99)
      #expect(RealTimeDay.lines(result).last == "invariants broken: 0")
    }
    #expect(shown.withLock { $0.count } > 500)
  }
}
