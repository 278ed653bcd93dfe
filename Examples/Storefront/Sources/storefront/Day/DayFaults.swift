import Foundation

/// What is done to the processes of a day, and how soon each was back.
struct DayFaults: Sendable {
  enum Fault: Hashable, Sendable {
    /// `kill -9`; the supervisor starts it again.
    case kill(String)
    /// `SIGSTOP`, and ten seconds later `SIGCONT`.
    case stop(String)
  }

  struct Result: Sendable {
    var fault: String
    var text: String
  }

  static let stopped = Duration.seconds(10)
  private static let limit = Duration.seconds(60)

  let supervisor: Supervisor
  let probe: DayProbe

  /// Does it, waits until what needs the service is done again, and says how long that took.
  func inject(_ fault: Fault) async -> Result {
    switch fault {
    case .kill(let service):
      let start = ContinuousClock.now
      supervisor.signal(service, SIGKILL)
      return Result(fault: "kill -9 \(service)", text: await recovery(of: service, since: start))
    case .stop(let service):
      let start = ContinuousClock.now
      supervisor.signal(service, SIGSTOP)
      async let text = recovery(of: service, since: start)
      try? await Task.sleep(for: Self.stopped)
      supervisor.signal(service, SIGCONT)
      return Result(fault: "stop \(service)", text: await text + " (it was stopped for 10 s)")
    }
  }

  private func recovery(of service: String, since start: ContinuousClock.Instant) async -> String {
    do {
      let time = try await probe.recovery(of: service, since: start, within: Self.limit)
      return "served again after \(Int((time / .milliseconds(1)).rounded())) ms"
    } catch {
      return "not served again within \(Self.limit): \(error)"
    }
  }
}
