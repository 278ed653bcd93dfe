import Foundation
import ResilienceCore
import ResilienceTestKit
import Testing

/// Code that knows nothing of the simulation: plain tasks, Swift's clocks, `Date()`, `Int.random`.
@Suite(.enabled(if: Simulation.scope.contains(.tasks), "the runtime is not held here"))
struct UnmodifiedCodeTests {
  private actor Ledger {
    private var lines: [String] = []

    func write(_ line: String) async {
      lines.append(line)
      await Task.yield()
      try? await Task.sleep(for: .microseconds(1500))
    }

    var text: String { lines.joined(separator: "\n") }
  }

  @MainActor private final class Screen {
    private(set) var lines: [String] = []

    func show(_ line: String) async {
      await Task.yield()
      try? await Task.sleep(for: .milliseconds(3))
      draw(line)
    }

    nonisolated private func draw(_ line: String) {
      MainActor.assumeIsolated { lines.append(line) }
    }
  }

  /// Ten customers who come at random, in plain tasks.
  private static func service() async -> String {
    let ledger = Ledger()
    let screen = await MainActor.run { Screen() }
    let customers = (0..<10).map { number in
      Task {
        try? await Task.sleep(for: .milliseconds(Int.random(in: 0..<20)))
        await ledger.write("\(number) came at \(Date().timeIntervalSince1970) with \(UUID())")
        await Task.detached {
          try? await Task.sleep(nanoseconds: UInt64.random(in: 0..<9_000_000))
          await screen.show("\(number) left at \(ContinuousClock.now)")
        }.value
      }
    }
    for customer in customers { await customer.value }
    return await ledger.text + "\n" + screen.lines.joined(separator: "\n")
  }

  @Test func row96_aSeedIsOneRunByteForByteAndEachSeedAnother() throws {
    let first = try Simulation(seed: 7).run { _ in await Self.service() }
    #expect(first.split(separator: "\n").count == 20)
    for _ in 0..<200 { #expect(try Simulation(seed: 7).run { _ in await Self.service() } == first) }
    let others = try (0..<100).map { seed in try Simulation(seed: seed).run { _ in await Self.service() } }
    #expect(Set(others).count == 100)
  }

  @Test func row96_simulationsAtTheSameTimeHaveAClockAndAQueueEach() async throws {
    let alone = try (0..<8).map { seed in try Simulation(seed: seed).run { _ in await Self.service() } }
    let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for number in 0..<80 {
        group.addTask {
          (number % 8, try Simulation(seed: UInt64(number % 8)).run { _ in await Self.service() })
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (seed, text) in together { #expect(text == alone[seed]) }
  }

  private actor Sleeper {
    func sleep() async throws { try await Task.sleep(for: .seconds(5)) }
  }

  @MainActor private static func sleepOnTheMainActor() async throws {
    try await Task.sleep(for: .seconds(5))
  }

  typealias Sleep = @Sendable () async throws -> Void

  static let sleeps: [(String, Sleep)] = [
    ("Task.sleep(for:)", { try await Task.sleep(for: .seconds(5)) }),
    ("Task.sleep(nanoseconds:)", { try await Task.sleep(nanoseconds: 5_000_000_000) }),
    ("Task.sleep(until:clock:)", { try await Task.sleep(until: .now + .seconds(5), clock: .continuous) }),
    ("ContinuousClock", { try await ContinuousClock().sleep(for: .seconds(5)) }),
    ("SuspendingClock", { try await SuspendingClock().sleep(for: .seconds(5), tolerance: .seconds(1)) }),
    ("SystemClock", { try await SystemClock().sleep(for: .seconds(5)) }),
    ("the context's clock", { try await CallContext.current.clock.sleep(for: .seconds(5)) }),
    ("a detached task", { try await Task.detached { try await Task.sleep(for: .seconds(5)) }.value }),
    (
      "a detached task without context",
      {
        try await Task.detached { try await CallContext.current.clock.sleep(for: .seconds(5)) }.value
      }
    ),
    ("an actor of a detached task", { try await Task.detached { try await Sleeper().sleep() }.value }),
    ("the main actor", { try await sleepOnTheMainActor() }),
    (
      "the main actor of a detached task",
      { try await Task.detached { try await sleepOnTheMainActor() }.value }
    ),
    ("Task.immediate", { try await Task.immediate { try await Task.sleep(for: .seconds(5)) }.value }),
  ]

  @Test(arguments: sleeps)
  func row96_everySleepTakesItsTimeAndNoOther(name: String, sleep: @escaping Sleep) throws {
    let end = try Simulation(seed: 3).run { sim in
      try await Task { try await sleep() }.value
      return sim.now
    }
    #expect(end == Instant(nanoseconds: 5_000_000_000))
  }

  @Test func row96_aSleepEndsWhenItsTaskIsCancelled() throws {
    let end = try Simulation(seed: 3).run { sim in
      let task = Task { try await Task.sleep(for: .seconds(3600)) }
      try await Task.sleep(for: .seconds(1))
      task.cancel()
      let result = await task.result
      #expect(throws: CancellationError.self) { try result.get() }
      return sim.now
    }
    #expect(end == Instant(nanoseconds: 1_000_000_000))
  }

  @Test(.enabled(if: Simulation.scope.contains(.clocks)))
  func row96_everyClockShowsVirtualTime() throws {
    try Simulation(seed: 1, startingAt: UnixTime(nanoseconds: 1_000_000_000_000)).run { sim in
      let (continuous, suspending) = (ContinuousClock.now, SuspendingClock.now)
      try await Task.sleep(for: .nanoseconds(90_000_000_007))
      #expect(ContinuousClock.now - continuous == .nanoseconds(90_000_000_007))
      #expect(SuspendingClock.now - suspending == .nanoseconds(90_000_000_007))
      #expect(SystemClock().now == sim.now)
      #expect(SystemClock().unixTime == UnixTime(nanoseconds: 1_090_000_000_007))
      #expect(Int(Date().timeIntervalSince1970) == 1090)
      #expect(time(nil) == 1090)
      #expect(ProcessInfo.processInfo.systemUptime == 90.000000007)
    }
  }

  @Test func row96_theMainActorAndEveryTaskRunOnTheThreadThatDrives() throws {
    let driver = pthread_self()
    let threads = try Simulation(seed: 1).run { _ in
      @MainActor func onTheMainActor() async -> pthread_t {
        try? await Task.sleep(for: .seconds(1))
        return pthread_self()
      }
      async let child = pthread_self()
      let plain = Task { pthread_self() }
      let detached = Task.detached { await onTheMainActor() }
      let onMain = Task { @MainActor in pthread_self() }
      return await [child, plain.value, detached.value, onMain.value]
    }
    #expect(threads.allSatisfy { $0 == driver })
  }

  @Test(.enabled(if: Simulation.scope.contains(.randomness)))
  func row96_randomnessComesFromTheSeed() throws {
    func draws(seed: UInt64) throws -> String {
      try Simulation(seed: seed).run { _ in
        "\(Int.random(in: 0..<1_000_000)) \((0..<50).shuffled()) \(Double.random(in: 0..<1))"
      }
    }
    #expect(try draws(seed: 4) == draws(seed: 4))
    #expect(try draws(seed: 4) != draws(seed: 5))
  }

  /// A thread that a simulation starts is outside, and so is what it starts.
  @Test func row96_otherThreadsNoticeNothing() async throws {
    let before = (ContinuousClock.now, Date())
    let draws = Log<UInt64>()
    let tasks = Log<Task<(ContinuousClock.Instant, Date), Never>>()
    for _ in 0..<2 {
      try Simulation(seed: 1).run { _ in
        let isDone = Log<Void>()
        Thread {
          draws.append(.random(in: .min ... .max))
          tasks.append(
            Task.detached {
              try? await Task.sleep(for: .milliseconds(1))
              await Task.yield()
              return (ContinuousClock.now, Date())
            })
          isDone.append(())
        }.start()
        while isDone.entries.isEmpty {}
      }
    }
    for task in tasks.entries {
      let (instant, date) = await task.value
      #expect(instant > before.0 && instant < .now)
      #expect(date >= before.1 && date <= Date())
    }
    #expect(Set(draws.entries).count == 2)
  }

  @Test func theScopeSaysWhatIsHeld() {
    #if os(Linux)
      #expect(
        Simulation.scope.description == "tasks, main actor, sleeps, yields, clocks, randomness")
    #endif
    #expect(SimulationScope().description == "nothing")
  }
}
