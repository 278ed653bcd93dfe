import Foundation

/// Does something to the processes of a day, and says how soon what needs them was done again.
struct DayFaults: Sendable {
  struct Result: Sendable {
    var fault: String
    var isRepaired: Bool
    var text: String
  }

  /// It did not happen: nothing was there to be broken.
  struct Missed: Error, CustomStringConvertible {
    var description: String
  }

  private static let limit = Duration.seconds(60)

  let supervisor: Supervisor
  let probe: DayProbe

  /// Does it, waits until what needs the service is done again, and says how long that took.
  func inject(_ fault: Fault) async -> Result {
    do {
      let text =
        switch fault {
        case .kill(let name): try await kill(name)
        case .killAtRandom(let times): try await killAtRandom(times)
        case .stop(let name):
          try await during(fault, probing: name) {
            try signal(name, SIGSTOP)
          } mend: {
            supervisor.signal(name, SIGCONT)
            return nil
          }
        case .away(let name):
          try await during(fault, probing: name) {
            supervisor.hold(name)
            try signal(name, SIGKILL)
          } mend: {
            supervisor.release(name)
            return nil
          }
        case .empty(let name): try await empty(name)
        case .cut(let one, let other, let kind): try await cut(fault, one, other, kind)
        case .fillDisk(let name): try await fillDisk(fault, name)
        case .setClock(let name, let ahead): try await setClock(fault, name, ahead)
        }
      // Nobody is left behind, as one that ends again and again.
      try await supervisor.waitUntilReady(within: Self.limit)
      return Result(fault: "\(fault)", isRepaired: true, text: text)
    } catch {
      return Result(fault: "\(fault)", isRepaired: false, text: "\(error)")
    }
  }

  // MARK: - What the faults have in common

  private func signal(_ name: String, _ number: Int32) throws {
    guard supervisor.signal(name, number) else { throw Missed(description: "there was no process to hit") }
  }

  /// Breaks something for the time that the fault lasts, and asks from the beginning for what needs it.
  ///
  /// - Parameter mend: Repairs it, and says what is to be told of it beside the time.
  private func during(
    _ fault: Fault, probing name: String, breaking: () async throws -> Void,
    mend: () async throws -> String?
  ) async throws -> String {
    let start = ContinuousClock.now
    do {
      try await breaking()
    } catch {
      _ = try? await mend()
      throw error
    }
    async let served = recovery(of: name, since: start)
    try? await Task.sleep(for: fault.duration)
    let note = try await mend()
    return try await served + (note.map { "; \($0)" } ?? "")
  }

  private func recovery(of name: String, since start: ContinuousClock.Instant) async throws -> String {
    let service = supervisor.child(name)?.service ?? name
    do {
      let time = try await probe.recovery(of: service, since: start, within: Self.limit)
      return "served again after \(Self.milliseconds(time))"
    } catch {
      throw Missed(description: "not served within \(Self.limit): \(error)")
    }
  }

  private static func milliseconds(_ time: Duration) -> String {
    "\(Int((time / .milliseconds(1)).rounded())) ms"
  }

  // MARK: - Killed

  private func kill(_ name: String) async throws -> String {
    let (start, starts) = (ContinuousClock.now, supervisor.starts(of: name))
    try signal(name, SIGKILL)
    let text = try await recovery(of: name, since: start)
    try await waitForRestart([name: starts])
    return text
  }

  private func killAtRandom(_ times: Int) async throws -> String {
    var (starts, hits): ([String: Int], Int) = ([:], 0)
    for _ in 0..<times {
      // One that is starting again is not there to be hit.
      if let name = supervisor.processes.keys.filter({ !SupervisorPlan.forgetsAll($0) }).randomElement() {
        let count = supervisor.starts(of: name)
        if supervisor.signal(name, SIGKILL) { (starts[name], hits) = (count, hits + 1) }
      }
      try? await Task.sleep(for: .seconds(1))
    }
    guard hits > 0 else { throw Missed(description: "there was no process to hit") }
    // An order needs nearly all of them.
    let text = try await recovery(of: Logistics.name, since: .now)
    try await waitForRestart(starts)
    return "\(hits) of them hit; \(text)"
  }

  /// A fault is not repaired before each process that was hit was started again.
  private func waitForRestart(_ starts: [String: Int]) async throws {
    let end = ContinuousClock.now + Self.limit
    while let name = starts.keys.sorted().first(where: { supervisor.starts(of: $0) <= starts[$0] ?? 0 }) {
      guard ContinuousClock.now < end, (try? await Task.sleep(for: .milliseconds(50))) != nil else {
        throw Missed(description: "\(name) was not started again")
      }
    }
  }

  // MARK: - Emptied

  /// How many orders are on their way when what the broker has is lost.
  private static let underway = 20

  private func empty(_ name: String) async throws -> String {
    supervisor.hold(name)
    defer { supervisor.release(name) }
    let orders = try await probe.orders(Self.underway)
    let start = ContinuousClock.now
    try signal(name, SIGKILL)
    while supervisor.processes[name] != nil {
      guard start.duration(to: .now) < Self.limit else { throw Missed(description: "\(name) does not end") }
      try await Task.sleep(for: .milliseconds(10))
    }
    try supervisor.removeData(of: name)
    supervisor.release(name)
    let text = try await recovery(of: name, since: start)
    let time = try await probe.end(of: orders, since: start, within: Self.limit)
    return "\(text); \(Self.underway) orders that were taken just before had ended after "
      + Self.milliseconds(time)
  }

  // MARK: - Network, disk and clock

  private func cut(
    _ fault: Fault, _ one: String, _ other: String, _ kind: ShopNetwork.Cut
  ) async throws -> String {
    guard let network = supervisor.network else { throw Missed(description: "they are on one network") }
    let probed = probed(between: one, other)
    return try await during(fault, probing: probed) {
      try await network.cut(one, other, kind)
    } mend: {
      let packets = try await network.mend(one, other, kind)
      guard packets > 0 else { throw Missed(description: "nothing was sent between them in this time") }
      return "\(packets) packets stopped"
    }
  }

  /// What two processes need each other for.
  private func probed(between one: String, _ other: String) -> String {
    let services = [one, other].compactMap { supervisor.child($0)?.service }
      .filter { StorefrontServices.named($0) != nil }
    // One that is called; of one that talks to an engine the whole way that its events go.
    guard services.count < 2 else { return other }
    return services.first { !StorefrontServices.handlingOrders.contains($0) } ?? Logistics.name
  }

  /// An order that nothing holds up takes less.
  private static let longestWay = Duration.seconds(3)

  /// Orders are placed all the time: what keeps their events, or them, needs room.
  private func fillDisk(_ fault: Fault, _ name: String) async throws -> String {
    guard let disk = supervisor.smallDisk(of: name) else {
      throw Missed(description: "it has no disk of its own")
    }
    let start = ContinuousClock.now
    var (orders, refusals): ([(id: String, at: ContinuousClock.Instant)], Int) = ([], 0)
    defer { try? disk.free() }
    try disk.fill()
    while start.duration(to: .now) < fault.duration {
      do {
        orders += try await probe.orders(5).map { ($0, .now) }
      } catch {
        refusals += 1
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    // Others may be on their way.
    let end = ContinuousClock.now
    let late = orders.filter { $0.at.duration(to: end) > Self.longestWay }
    let waiting = try await probe.waiting(of: late.map(\.id))
    try disk.free()
    guard refusals + waiting > 0 else {
      throw Missed(description: "nobody needed more room for \(orders.count) orders")
    }
    let text = try await recovery(of: name, since: start)
    let time = try await probe.end(of: orders.map(\.id), since: start, within: Self.limit)
    return "\(text); of \(orders.count) orders that were taken \(waiting) waited, and all had ended after "
      + Self.milliseconds(time)
  }

  private func setClock(_ fault: Fault, _ name: String, _ ahead: Int) async throws -> String {
    let clock = ProcessClock(of: name, in: supervisor.directory)
    return try await during(fault, probing: name) {
      try clock.set(ahead)
    } mend: {
      defer { try? clock.set(0) }
      let shown = try await probe.clock(of: name)
      guard abs(shown - Double(ahead)) < 10 else {
        throw Missed(description: "the process did not see it: it was \(Int(shown)) s ahead")
      }
      return nil
    }
  }
}
