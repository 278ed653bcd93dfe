import Foundation
import ResilienceTestKit
import Testing

@testable import ResilienceCore

@MainActor private func noteLater(_ log: Log<String>) async throws {
  try await Task.sleep(for: .milliseconds(2500))
  log.append("detached")
}

@Suite struct SimulatedHostTests {
  @Test func aCallRunsOnTheHostWithWhatItsStartReturned() throws {
    let answers = try Simulation(seed: 1).run { sim in
      let host = sim.host("payment") { _ in
        try await sim.sleep(for: .seconds(2))
        return 40
      }
      let answer = try await host.call { service in
        try await CallContext.current.clock.sleep(for: .seconds(1))
        return service + 2
      }
      return (answer, sim.now, host.isUp)
    }
    #expect(answers.0 == 42)
    #expect(answers.1 == Instant(nanoseconds: 3_000_000_000))
    #expect(answers.2)
  }

  @Test func aCrashCancelsNothingRunsNoDeferAndFailsTheCalls() throws {
    let log = Log<String>()
    let dropped = try Simulation(seed: 1).run { sim in
      let host = sim.host("payment") { _ in }
      let (stream, continuation) = AsyncStream<Int>.makeStream()
      let call = Task.immediate(executorPreference: CallContext.current.executor) {
        try await host.call { _ in
          defer { log.append("defer") }
          await withTaskCancellationHandler {
            async let child: Void = {
              for await _ in stream { log.append("child") }
            }()
            try? await CallContext.current.clock.sleep(for: .seconds(10))
            log.append("woken")
            await child
          } onCancel: {
            log.append("cancelled")
          }
        }
      }
      try await sim.sleep(for: .seconds(1))
      host.crash()
      let error = await #expect(throws: SimulatedServiceError.self) { try await call.value }
      #expect(error?.reason == .crashed)
      #expect(!host.isUp)
      await #expect(throws: SimulatedServiceError(service: "payment", reason: .down)) {
        try await host.call { _ in }
      }
      // What comes back for it is dropped, and so are its timers.
      continuation.yield(1)
      try await sim.sleep(for: .seconds(60))
      return host.droppedJobs
    }
    #expect(log.entries == [])
    #expect(dropped == 1)
  }

  @Test func aHostStartsAgainOnWhatWasSynced() throws {
    for seed in 0..<50 as Range<UInt64> {
      let starts = Log<[String]>()
      try Simulation(seed: seed).run { sim in
        let host = sim.host("payment") { disk in
          starts.append(try await disk.list())
          return disk
        }
        try await host.call { disk in
          _ = try await disk.create("synced")
          try await disk.syncDirectory()
          _ = try await disk.create("lost or not")
        }
        host.crash()
        host.restart()
        host.restart()
        try await host.call { _ in }
        #expect(host.crashes == 1)
      }
      #expect(starts.entries.count == 2)
      #expect(starts.entries[1].contains("synced"))
    }
  }

  @Test func aStartThatThrowsLeavesTheHostDownAndSaysWhy() throws {
    struct Damaged: Error {}
    try Simulation(seed: 1).run { sim in
      let host = sim.host("payment") { _ in throw Damaged() }
      await #expect(throws: SimulatedServiceError(service: "payment", reason: .crashed)) {
        try await host.call { _ in }
      }
      #expect(!host.isUp)
      #expect(host.failure is Damaged)
    }
  }

  @Test func aHostHasAWallClockOfItsOwnThatJumps() throws {
    let times = try Simulation(seed: 1, startingAt: UnixTime(nanoseconds: 0)).run { sim in
      let host = sim.host("payment", clockOffset: .seconds(-5)) { _ in }
      let read: @Sendable () async throws -> Int64 = {
        try await host.call { _ in CallContext.current.clock.unixTime.nanoseconds }
      }
      try await sim.sleep(for: .seconds(10))
      let first = try await read()
      host.jumpClock(by: .seconds(-3))
      let second = try await read()
      host.crash()
      host.restart()
      return [first, second, try await read(), CallContext.current.clock.unixTime.nanoseconds]
    }
    #expect(times == [5_000_000_000, 2_000_000_000, 2_000_000_000, 10_000_000_000])
  }

  /// Code that knows nothing of hosts belongs to the one that started it, wherever it is woken from.
  @Test func whatAHostStartsWithATaskDiesWithIt() throws {
    let log = Log<String>()
    try Simulation(seed: 1).run { sim in
      let (stream, continuation) = AsyncStream<Int>.makeStream()
      let outside = Task {
        for await number in stream { log.append("outside \(number)") }
      }
      let host = sim.host("payment") { _ in
        Task {
          for count in 1... {
            try await Task.sleep(for: .seconds(1))
            log.append("first life, second \(count)")
          }
        }
        Task.detached { try await noteLater(log) }
      }
      _ = try await host.call { _ in continuation.yield(1) }
      try await Task.sleep(for: .milliseconds(2200))
      host.crash()
      continuation.yield(2)
      continuation.finish()
      await outside.value
      try await Task.sleep(for: .seconds(10))
      try sim.require(host.droppedJobs > 0, "\(host.droppedJobs)")
    }
    #expect(
      log.entries == ["outside 1", "first life, second 1", "first life, second 2", "outside 2"])
  }

  @Test func aHostsDateIsThatOfItsClock() throws {
    let times = try Simulation(seed: 1, startingAt: UnixTime(nanoseconds: 0)).run { sim in
      let host = sim.host("payment", clockOffset: .seconds(-5)) { _ in }
      try await Task.sleep(for: .seconds(10))
      let task = try await host.call { _ in Task { Date().timeIntervalSince1970 } }
      return [await task.value, Date().timeIntervalSince1970]
    }
    #expect(times == [5, 10])
  }

  @Test func aCallerThatLeavesDoesNotEndTheWork() throws {
    let log = Log<String>()
    try Simulation(seed: 1).run { sim in
      let host = sim.host("payment") { _ in }
      try? await cancelling(after: .seconds(1), sim) {
        try await host.call { _ in
          try await CallContext.current.clock.sleep(for: .seconds(5))
          log.append("done at \(CallContext.current.clock.now)")
        }
      }
      try await sim.sleep(for: .seconds(10))
    }
    #expect(log.entries == ["done at 5.0s"])
  }

  @Test func aDeadlockNamesWhatWaitsOnWhichHost() throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1).run { sim in
        let host = sim.host("payment") { _ in }
        try await host.call { _ in _ = await Waiter("Ledger.lock").wait() }
      }
    }
    #expect(error.waiting == ["SimulatedHost.call", "payment: Ledger.lock"])
  }

  @Test func aPlannedCrashEndsAndStartsAHost() throws {
    let starts = Log<Instant>()
    try Simulation(seed: 3).run { sim in
      let host = sim.host("payment") { _ in starts.append(sim.now) }
      sim.inject(.any(2, of: [.crash(host, for: .constant(.seconds(1)))], within: .seconds(60)))
      try await sim.sleep(for: .seconds(120))
      #expect(host.isUp)
      #expect(host.crashes == 2)
    }
    #expect(starts.entries.count == 3)
  }
}
