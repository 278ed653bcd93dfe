import ResilienceCore
import Synchronization

/// What the customers saw: every request, when it was answered, how long it took and whether it helped.
final class CustomerMeter: Sendable {
  struct Request: Sendable {
    var end: Instant
    var nanoseconds: Int64
    var succeeded: Bool
    /// Whether it was for a product page: the requests that wait for something.
    var isPage = false

    var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
  }

  private let requests = Mutex<[Request]>([])

  func record(start: Instant, end: Instant, succeeded: Bool, isPage: Bool) {
    let nanoseconds = start.nanoseconds(to: end)
    requests.withLock {
      $0.append(Request(end: end, nanoseconds: nanoseconds, succeeded: succeeded, isPage: isPage))
    }
  }

  /// Requests that were answered, in time and with what was asked for.
  var answered: Int { requests.withLock { $0.count { $0.succeeded } } }

  /// Requests so far: answered, and not.
  var counts: (answered: Int, failed: Int) {
    requests.withLock { requests in
      let answered = requests.count { $0.succeeded }
      return (answered, requests.count - answered)
    }
  }

  /// All requests from this one on.
  func requests(from index: Int) -> ArraySlice<Request> { requests.withLock { $0[index...] } }

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
