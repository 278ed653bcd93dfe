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
      supervisor.signal(name, SIGKILL)
      return await recovery(of: name, from: "kill -9 \(name)", since: start)
    case .stop(let name):
      supervisor.signal(name, SIGSTOP)
      async let result = recovery(of: name, from: "stop \(name)", since: start)
      try? await Task.sleep(for: Self.stopped)
      supervisor.signal(name, SIGCONT)
      return await result
    case .killAtRandom(let times):
      for _ in 0..<times {
        if let child = supervisor.children.randomElement() { supervisor.signal(child.name, SIGKILL) }
        try? await Task.sleep(for: .seconds(1))
      }
      // An order needs nearly all of them.
      return await recovery(of: Logistics.name, from: "kill -9 \(times) times", since: .now)
    }
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
