import ResilienceTestKit

@testable import ResilienceCore

/// Four mistakes as they are made in services, each among tasks that have nothing to do with it.
enum PlantedMistake: String, CaseIterable, Sendable {
  case raceAcrossAnAwait = "race across an actor's await"
  case lostWakeUp = "lost wake-up"
  case doubleCharge = "double charge after a crash"
  case clockGoesBack = "clock that goes back"

  var body: @Sendable (Simulation) async throws -> Void {
    switch self {
    case .raceAcrossAnAwait: Self.raceAcrossAnAwait
    case .lostWakeUp: Self.lostWakeUp
    case .doubleCharge: Self.doubleCharge
    case .clockGoesBack: Self.clockGoesBack
    }
  }

  /// Tasks that come and go.
  private static func noise(_ tasks: Int, _ sim: Simulation, in group: inout TaskGroup<Void>) {
    for task in 0..<tasks {
      group.addTask {
        for _ in 0..<4 {
          await Task.yield()
          try? await sim.sleep(for: .milliseconds(task + 1))
        }
      }
    }
  }

  // MARK: - A race

  private actor Account {
    private(set) var balance = 100

    /// Looks, asks, and takes, as if nothing had happened meanwhile.
    func withdraw(_ amount: Int, _ sim: Simulation) async throws {
      guard balance >= amount else { return }
      try await sim.sleep(for: .milliseconds(1))
      balance -= amount
    }
  }

  private static func raceAcrossAnAwait(_ sim: Simulation) async throws {
    let account = Account()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await account.withdraw(80, sim) }
      group.addTask {
        try? await sim.sleep(for: .milliseconds(1))
        // Usually the first is done by then.
        await Task.yield()
        try? await account.withdraw(80, sim)
      }
      noise(4, sim, in: &group)
    }
    let balance = await account.balance
    try sim.require(balance >= 0, "overdrawn: \(balance)")
  }

  // MARK: - A lost wake-up

  private final class Mailbox: Sendable {
    private let state = Lock<(letters: Int, reader: Waiter?)>((0, nil))

    func read() async {
      guard state.withLock({ $0.letters }) == 0 else { return }
      await Task.yield()
      let waiter = Waiter("Mailbox.read")
      state.withLock { $0.reader = waiter }
      _ = await waiter.wait()
    }

    func write() {
      let reader: Waiter? = state.withLock { state in
        state.letters += 1
        return state.reader
      }
      reader?.grant()
    }
  }

  private static func lostWakeUp(_ sim: Simulation) async throws {
    let mailbox = Mailbox()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await mailbox.read() }
      group.addTask {
        // Usually it waits by then.
        await Task.yield()
        mailbox.write()
      }
      noise(4, sim, in: &group)
    }
  }

  // MARK: - A crash between the effect and the note of it

  private struct Payment: Sendable {
    let disk: SimulatedDisk
    let bank: Log<Int>

    func charge(_ order: Int) async throws {
      guard try await !disk.list().contains("\(order)") else { return }
      bank.append(order)
      try await CallContext.current.clock.sleep(for: .milliseconds(2))
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
      try await sim.sleep(for: .milliseconds(100))
      while (try? await host.call { try await $0.charge(order) }) == nil {
        try await sim.sleep(for: .milliseconds(20))
      }
    }
  }

  // MARK: - Identifiers from a wall clock

  private actor Identifiers {
    private var last = UnixTime(nanoseconds: 0)
    private var count = 0

    func next() -> String {
      let now = UnixTime(nanoseconds: CallContext.current.clock.unixTime.nanoseconds / 1_000_000 * 1_000_000)
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
      try await sim.sleep(for: .milliseconds(10))
      issued.append(try await host.call { await $0.next() })
    }
  }
}
