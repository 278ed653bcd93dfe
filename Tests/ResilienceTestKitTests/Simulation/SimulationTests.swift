import Foundation
import ResilienceCore
import ResilienceTestKit
import Testing

@Suite struct SimulationTests {
  @Test func timeMovesOnlyWhenNothingIsRunnable() throws {
    let instants = try Simulation(seed: 1).run { sim in
      let before = sim.now
      try await sim.sleep(for: .seconds(3600))
      return (before, sim.now)
    }
    #expect(instants.0 == Instant(nanoseconds: 0))
    #expect(instants.1 == Instant(nanoseconds: 3_600_000_000_000))
  }

  @Test func theAmbientClockIsVirtualAndSeeded() throws {
    func draws(seed: UInt64) throws -> [UInt64] {
      try Simulation(seed: seed).run { _ in
        let context = CallContext.current
        try await context.clock.sleep(for: .seconds(5))
        return [UInt64(context.readClock().nanoseconds), context.random(), context.random()]
      }
    }
    #expect(try draws(seed: 9)[0] == 5_000_000_000)
    #expect(try draws(seed: 9) == draws(seed: 9))
    #expect(try draws(seed: 9) != draws(seed: 10))
  }

  /// The order in which three tasks of three steps each interleave.
  private func interleaving(seed: UInt64) throws -> [Int] {
    let steps = Log<Int>()
    try Simulation(seed: seed).run { sim in
      await withTaskGroup { group in
        for name in 0..<3 {
          group.addTask {
            for _ in 0..<3 {
              steps.append(name)
              await Task.yield()
            }
          }
        }
      }
    }
    return steps.entries
  }

  @Test func oneSeedOneInterleaving() throws {
    let first = try interleaving(seed: 42)
    for _ in 0..<50 { #expect(try interleaving(seed: 42) == first) }
  }

  @Test func seedsReachDifferentInterleavings() throws {
    let distinct = try Set((0..<200).map { try interleaving(seed: $0) })
    #expect(distinct.count > 100)
  }

  @Test func everyKindOfStructuredTaskStaysInside() throws {
    actor Counter {
      var value = 0
      func increment() { value += 1 }
    }
    let total = try Simulation(seed: 3).run { sim in
      let counter = Counter()
      async let first: Void = counter.increment()
      await first
      await withTaskGroup { group in
        group.addTask { await counter.increment() }
        group.addImmediateTask { await counter.increment() }
      }
      await Task.immediate(executorPreference: CallContext.current.executor) {
        try? await CallContext.current.clock.sleep(for: .seconds(1))
        await counter.increment()
      }.value
      let (stream, continuation) = AsyncStream<Int>.makeStream()
      async let sum = stream.reduce(0, +)
      continuation.yield(2)
      continuation.finish()
      return await (counter.value, sum, sim.now)
    }
    #expect(total.0 == 4)
    #expect(total.1 == 2)
    #expect(total.2 == Instant(nanoseconds: 1_000_000_000))
  }

  @Test func aDeadlockIsAnErrorThatNamesTheSeed() throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 77).run { _ in
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
      }
    }
    #expect(error.reason == .deadlock)
    #expect(error.seed == 77)
    #expect(error.description.contains("seed 77"))
  }

  enum Afterwards: CaseIterable, Sendable { case nothing, sleeps, waitsForEver }

  /// Resumes a task of the simulation from another thread, and holds the simulation until it has.
  private func escape(_ simulation: Simulation, _ afterwards: Afterwards) throws {
    try simulation.run { sim in
      let parked = Log<UnsafeContinuation<Void, Never>>()
      let isResumed = Log<Void>()
      await withTaskGroup { group in
        group.addTask {
          await withUnsafeContinuation { parked.append($0) }
        }
        group.addTask {
          while parked.entries.isEmpty { await Task.yield() }
          Thread {
            parked.entries[0].resume()
            isResumed.append(())
          }.start()
          while isResumed.entries.isEmpty {}
        }
      }
      switch afterwards {
      case .nothing: break
      case .sleeps: try await sim.sleep(for: .seconds(1))
      case .waitsForEver: await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
      }
    }
  }

  /// It is noticed before the time moves, and before a deadlock is reported, which it may have caused.
  @Test(arguments: Afterwards.allCases)
  func row96_anEscapeIsAnErrorWhateverTheBodyDoesAfterwards(afterwards: Afterwards) throws {
    let error = try #require(throws: SimulationError.self) {
      try escape(Simulation(seed: 5), afterwards)
    }
    #expect(error.reason == .escape)
    #expect(error.instant == Instant(nanoseconds: 0))
  }

  /// The order in which three timers of one instant fire. One job arms them: no choice among jobs has a part
  /// in it.
  private func firing(seed: UInt64) throws -> [Int] {
    let fired = Log<Int>()
    try Simulation(seed: seed).run { sim in
      let clock = CallContext.current.clock
      for number in 0..<3 {
        _ = clock.schedule(at: Instant(nanoseconds: 1_000_000_000)) { fired.append(number) }
      }
      try await sim.advance(by: .seconds(2))
    }
    return fired.entries
  }

  @Test func timersOfOneInstantFireInTheOrderOfTheSeedAndNotOfTheirArming() throws {
    let orders = try (0..<100).map { try firing(seed: $0) }
    #expect(Set(orders).count == 6)
    #expect(try (0..<100).map { try firing(seed: $0) } == orders)
  }

  @Test func theStepLimitEndsARunThatNeverComesToRest() throws {
    let simulation = Simulation(seed: 1, stepLimit: 100)
    let error = try #require(throws: SimulationError.self) {
      try simulation.run { sim in
        while true { try await sim.sleep(for: .seconds(1)) }
      }
    }
    #expect(error.reason == .stepLimit(100))
    #expect(simulation.stepCount == 100)
  }

  @Test func sleepEndsWhenTheTaskIsCancelled() throws {
    let result = try Simulation(seed: 5).run { sim in
      let sleeper = Task.immediate(executorPreference: CallContext.current.executor) {
        try await sim.sleep(for: .seconds(100))
      }
      try await sim.sleep(for: .seconds(1))
      sleeper.cancel()
      let result = await sleeper.result
      return (sim.now, (try? result.get()) == nil)
    }
    #expect(result.0 == Instant(nanoseconds: 1_000_000_000))
    #expect(result.1)
  }

  @Test func whatTheBodyThrowsIsThrown() {
    struct Planned: Error {}
    #expect(throws: Planned.self) { try Simulation(seed: 1).run { _ in throw Planned() } }
  }
}
