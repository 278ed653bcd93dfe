import ResilienceCore
import ResilienceTestKit
import Synchronization
import Testing

/// What has not ended when the body has.
@Suite(.enabled(if: Simulation.scope.contains(.tasks), "the runtime is not held here"))
struct RunEndingTests {
  /// Counts how many of itself there are.
  private final class Token: Sendable {
    private let count: Count

    init(_ count: Count) {
      self.count = count
      count.value.wrappingAdd(1, ordering: .relaxed)
    }

    deinit { count.value.wrappingSubtract(1, ordering: .relaxed) }
  }

  private final class Count: Sendable {
    let value = Atomic(0)
  }

  private static func sleepers(_ number: Int, in sim: Simulation, alive: Count) {
    let token = Token(alive)
    switch number % 5 {
    case 0:
      Task {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(number + 1)) }; _ = token
      }
    case 1:
      Task.detached {
        try await Task.sleep(nanoseconds: 3_600_000_000_000); _ = token
      }
    case 2:
      Task(executorPreference: CallContext.current.executor) {
        defer { _ = token }
        try await sim.sleep(for: .seconds(3600))
      }
    case 3:
      Task { @MainActor in
        defer { _ = token }
        try await ContinuousClock().sleep(for: .seconds(86_400))
      }
    default:
      // A clean-up that takes a while, by itself and with a task of its own.
      Task {
        do { try await Task.sleep(for: .seconds(60)) } catch {
          await Task { try? await Task.sleep(for: .seconds(5)) }.value
          await Task.yield()
        }
        _ = token
      }
    }
  }

  @Test func row95_nothingIsLeftOfFiftySleepersAfterTwoThousandSeeds() throws {
    let alive = Count()
    for seed in 0..<2000 as Range<UInt64> {
      let simulation = Simulation(seed: seed)
      try simulation.run { sim in
        for number in 0..<50 { Self.sleepers(number, in: sim, alive: alive) }
        try await sim.sleep(for: .seconds(30))
        if seed == 0 { #expect(alive.value.load(ordering: .relaxed) == 50) }
      }
      #expect(simulation.now == Instant(nanoseconds: 30_000_000_000))
      #expect(simulation.abandonedTaskCount == 0)
    }
    #expect(alive.value.load(ordering: .relaxed) == 0)
  }

  typealias Loop = @Sendable (Simulation) async -> Void

  static let loops: [(String, Loop)] = [
    ("Task.sleep", { _ in while true { try? await Task.sleep(for: .seconds(1)) } }),
    (
      "the context's clock",
      { _ in
        while true { try? await CallContext.current.clock.sleep(for: .seconds(1)) }
      }
    ),
    ("the simulation", { sim in while true { try? await sim.sleep(for: .seconds(1)) } }),
    (
      "in turn with a yield",
      { _ in
        while true {
          try? await Task.sleep(for: .seconds(1))
          await Task.yield()
        }
      }
    ),
  ]

  @Test(.timeLimit(.minutes(1)), arguments: loops)
  func row95_aLoopThatIgnoresItsCancellationIsAbandonedAndCounted(name: String, loop: @escaping Loop) throws {
    let simulation = Simulation(seed: 1)
    let hasEnded = Log<Void>()
    let value = try simulation.run { sim in
      Task { await loop(sim) }
      Task {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
        hasEnded.append(())
      }
      try await Task.sleep(for: .seconds(10))
      return 7
    }
    #expect(value == 7)
    #expect(simulation.abandonedTaskCount == 1)
    #expect(hasEnded.entries.count == 1)
    #expect(simulation.now == Instant(nanoseconds: 10_000_000_000))
  }

  @Test func row95_aBodyThatCannotGoOnIsCancelled() throws {
    let alive = Count()
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1).run { _ in
        let token = Token(alive)
        let bulkhead = AsyncStream<Int>.makeStream()
        async let other: Void = Task.sleep(for: .seconds(Int64.max))
        for await _ in bulkhead.stream {}
        _ = try? await other
        _ = token
      }
    }
    #expect(error.reason == .deadlock)
    #expect(alive.value.load(ordering: .relaxed) == 0)
  }

  /// What armed a timer may have gone before it is due.
  @Test func row95_aTimerWhoseTaskHasEndedIsTakenBack() throws {
    for seed in 0..<20 as Range<UInt64> {
      let simulation = Simulation(seed: seed)
      try simulation.run { sim in
        for _ in 0..<50 {
          Task { _ = CallContext.current.clock.schedule(at: sim.now.advanced(by: .seconds(60))) {} }
          Task { _ = SystemClock().schedule(at: SystemClock().now.advanced(by: .seconds(60))) {} }
        }
        try await Task.sleep(for: .seconds(1))
        // Others take the memory of those that have ended.
        for _ in 0..<100 { Task { try await Task.sleep(for: .seconds(60)) } }
        try await Task.sleep(for: .seconds(1))
      }
      #expect(simulation.abandonedTaskCount == 0)
    }
  }
}
