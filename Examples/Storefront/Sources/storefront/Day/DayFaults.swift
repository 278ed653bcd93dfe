import Foundation

/// What is done to the processes of a day, and how soon each was back.
struct DayFaults: Sendable {
  enum Fault: Hashable, Sendable {
    /// `kill -9`; the supervisor starts it again.
    case kill(String)
    /// `SIGSTOP`, and ten seconds later `SIGCONT`.
    case stop(String)
    /// `kill -9` to one of all processes, each second, so many times.
    case killAtRandom(times: Int)
  }

  struct Result: Sendable {
    var fault: String
    var isRepaired: Bool
    var text: String
  }

  static let stopped = Duration.seconds(10)
  private static let limit = Duration.seconds(60)

  let supervisor: Supervisor
  let probe: DayProbe

  /// Does it, waits until what needs the service is done again, and says how long that took.
  func inject(_ fault: Fault) async -> Result {
    let start = ContinuousClock.now
    switch fault {
    case .kill(let name):
      let starts = supervisor.starts(of: name)
      guard supervisor.signal(name, SIGKILL) else { return Self.missed("kill -9 \(name)") }
      let result = await recovery(of: name, from: "kill -9 \(name)", since: start)
      return await restarted([name: starts], result)
    case .stop(let name):
      guard supervisor.signal(name, SIGSTOP) else { return Self.missed("stop \(name)") }
      async let result = recovery(of: name, from: "stop \(name)", since: start)
      try? await Task.sleep(for: Self.stopped)
      supervisor.signal(name, SIGCONT)
      return await result
    case .killAtRandom(let times):
      var (starts, hits): ([String: Int], Int) = ([:], 0)
      for _ in 0..<times {
        // One that is starting again is not there to be hit.
        if let name = supervisor.processes.keys.randomElement() {
          let count = supervisor.starts(of: name)
          if supervisor.signal(name, SIGKILL) { (starts[name], hits) = (count, hits + 1) }
        }
        try? await Task.sleep(for: .seconds(1))
      }
      let fault = "kill -9 \(hits) times"
      guard hits > 0 else { return Self.missed(fault) }
      // An order needs nearly all of them.
      return await restarted(starts, recovery(of: Logistics.name, from: fault, since: .now))
    }
  }

  private static func missed(_ fault: String) -> Result {
    Result(fault: fault, isRepaired: false, text: "there was no process to hit")
  }

  /// A fault is not repaired before each process that was hit was started again.
  private func restarted(_ starts: [String: Int], _ result: Result) async -> Result {
    let end = ContinuousClock.now + Self.limit
    while let name = starts.keys.sorted().first(where: { supervisor.starts(of: $0) <= starts[$0] ?? 0 }) {
      guard ContinuousClock.now < end, (try? await Task.sleep(for: .milliseconds(50))) != nil else {
        return Result(fault: result.fault, isRepaired: false, text: "\(name) was not started again")
      }
    }
    return result
  }

  private func recovery(
    of name: String, from fault: String, since start: ContinuousClock.Instant
  ) async -> Result {
    let service = supervisor.children.first { $0.name == name }?.service ?? name
    do {
      let time = try await probe.recovery(of: service, since: start, within: Self.limit)
      let milliseconds = Int((time / .milliseconds(1)).rounded())
      return Result(fault: fault, isRepaired: true, text: "served again after \(milliseconds) ms")
    } catch {
      return Result(fault: fault, isRepaired: false, text: "not served within \(Self.limit): \(error)")
    }
  }
}
