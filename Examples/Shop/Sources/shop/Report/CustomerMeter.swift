import ResilienceCore
import Synchronization

/// What the customers saw: every request, when it was answered, how long it took and whether it helped.
final class CustomerMeter: Sendable {
  struct Request {
    var end: Instant
    var nanoseconds: Int64
    var succeeded: Bool
  }

  private let requests = Mutex<[Request]>([])

  func record(start: Instant, end: Instant, succeeded: Bool) {
    requests.withLock {
      $0.append(Request(end: end, nanoseconds: start.nanoseconds(to: end), succeeded: succeeded))
    }
  }

  var count: Int { requests.withLock { $0.count } }

  var averageMilliseconds: Double {
    requests.withLock { requests in
      requests.isEmpty
        ? 0 : requests.reduce(0) { $0 + Double($1.nanoseconds) } / Double(requests.count) / 1_000_000
    }
  }

  /// The shop counts as down from a failed request to the next one that succeeds.
  func availability(openSeconds: Int) -> Figures.Availability {
    var failures = 0
    var down = 0.0
    var downSince: Instant?
    let closing = Instant(nanoseconds: Int64(openSeconds) * 1_000_000_000)
    for request in requests.withLock({ $0 }) {
      switch (request.succeeded, downSince) {
      case (false, nil):
        failures += 1
        downSince = request.end
      case (true, let since?):
        down += Double(since.nanoseconds(to: request.end)) / 1_000_000_000
        downSince = nil
      default: break
      }
    }
    if let downSince { down += max(0, Double(downSince.nanoseconds(to: closing)) / 1_000_000_000) }
    let up = max(0, Double(openSeconds) - down)
    let periods = Double(max(1, failures))
    let (mtbf, mttr) = (up / periods, down / periods)
    return Figures.Availability(
      mtbfSeconds: mtbf, mttrSeconds: mttr, availability: mtbf / (mtbf + mttr), failures: failures)
  }
}
