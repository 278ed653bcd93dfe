import Foundation
import ResilienceTestKit
import Synchronization

@testable import ResilienceCore

/// Four mistakes as they are made in services, each among tasks that have nothing to do with it. The services
/// know nothing of the simulator: they start tasks with `Task {}`, wait with `Task.sleep` and ask `Date()`.
enum PlantedMistake: String, CaseIterable, Sendable {
  case raceAcrossAnAwait = "race across an actor's await"
  case lostWakeUp = "lost wake-up"
  case doubleCharge = "double charge after a crash"
  case clockGoesBack = "clock that goes back"

  typealias Body = @Sendable (Simulation) async throws -> Void

  /// - Parameter others: How many tasks are there that have nothing to do with it.
  func body(among others: Int = 4) -> Body {
    switch self {
    case .raceAcrossAnAwait: { try await Self.raceAcrossAnAwait($0, others) }
    case .lostWakeUp: { _ in await Self.lostWakeUp(others) }
    case .doubleCharge: Self.doubleCharge
    case .clockGoesBack: Self.clockGoesBack
    }
  }

  /// Tasks that come and go.
  private static func noise(_ tasks: Int) -> [Task<Void, Never>] {
    (0..<tasks).map { task in
      Task {
        for _ in 0..<4 {
          await Task.yield()
          try? await Task.sleep(for: .milliseconds(task + 1))
        }
      }
    }
  }

  // MARK: - A race

  private actor Account {
    private(set) var balance = 100

    /// Looks, asks, and takes, as if nothing had happened meanwhile.
    func withdraw(_ amount: Int) async throws {
      guard balance >= amount else { return }
      try await Task.sleep(for: .milliseconds(1))
      balance -= amount
    }
  }

  private static func raceAcrossAnAwait(_ sim: Simulation, _ others: Int) async throws {
    let account = Account()
    let first = Task { try? await account.withdraw(80) }
    let second = Task {
      try? await Task.sleep(for: .milliseconds(1))
      // Usually the first is done by then.
      await Task.yield()
      try? await account.withdraw(80)
    }
    let others = noise(others)
    _ = await (first.value, second.value)
    for other in others { await other.value }
    let balance = await account.balance
    try sim.require(balance >= 0, "overdrawn: \(balance)")
  }

  // MARK: - A lost wake-up

  private final class Mailbox: Sendable {
    private struct State {
      var letters = 0
      var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func read() async {
      guard state.withLock({ $0.letters }) == 0 else { return }
      await Task.yield()
      await withCheckedContinuation { reader in state.withLock { $0.reader = reader } }
    }

    func write() {
      let reader = state.withLock { state in
        state.letters += 1
        return state.reader.take()
      }
      reader?.resume()
    }
  }

  private static func lostWakeUp(_ others: Int) async {
    let mailbox = Mailbox()
    let reader = Task { await mailbox.read() }
    Task {
      // Usually it waits by then.
      for _ in 0..<3 { await Task.yield() }
      mailbox.write()
    }
    _ = noise(others)
    await reader.value
  }

  // MARK: - A crash between the effect and the note of it

  private struct Payment: Sendable {
    let disk: SimulatedDisk
    let bank: Log<Int>

    func charge(_ order: Int) async throws {
      guard try await !disk.list().contains("\(order)") else { return }
      bank.append(order)
      try await Task.sleep(for: .milliseconds(2))
      _ = try await disk.create("\(order)")
      try await disk.syncDirectory()
    }
  }

  private static func doubleCharge(_ sim: Simulation) async throws {
    let bank = Log<Int>()
    let host = sim.host("payment") { disk in Payment(disk: disk, bank: bank) }
    sim.always("an order is charged once") { Set(bank.entries).count == bank.entries.count }
    sim.inject(
      .any(
        6,
        of: [
          .crash(host, for: .uniform(.milliseconds(10) ... .milliseconds(100))),
          .syncFails(host.disk), .clockJump(of: host, by: .seconds(-1)),
        ], within: .seconds(2)))
    for order in 0..<20 {
      try await Task.sleep(for: .milliseconds(100))
      while (try? await host.call { try await $0.charge(order) }) == nil {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  // MARK: - Identifiers from a wall clock

  private actor Identifiers {
    private var last = 0
    private var count = 0

    func next() -> String {
      let now = Int((Date().timeIntervalSince1970 * 1000).rounded())
      count = now == last ? count + 1 : 0
      last = now
      return "\(now)-\(count)"
    }
  }

  private static func clockGoesBack(_ sim: Simulation) async throws {
    let issued = Log<String>()
    let host = sim.host("shop") { _ in Identifiers() }
    sim.always("identifiers differ") { Set(issued.entries).count == issued.entries.count }
    sim.inject(
      .any(
        5,
        of: [
          .clockJump(of: host, by: .milliseconds(-40)), .clockJump(of: host, by: .milliseconds(30)),
          PlannedFault("the operator logs in") {},
        ], within: .seconds(1)))
    for _ in 0..<100 {
      try await Task.sleep(for: .milliseconds(10))
      issued.append(try await host.call { await $0.next() })
    }
  }
}
