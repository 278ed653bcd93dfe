import Resilience

/// What the command line says.
struct Options {
  var seconds = 10.0
  var processes = 4
  var rate = 2000
  var burst = 500
  var hasOutage = false
  var isDurable = false
  /// For one of the processes: when it begins, by the system's clock, and where Redis is.
  var worker: (startsAt: Int64, port: Int)?

  init(_ arguments: [String]) {
    func value(_ name: String) -> String? {
      arguments.firstIndex(of: name).flatMap { arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil }
    }
    seconds = value("--seconds").flatMap(Double.init) ?? seconds
    processes = max(1, value("--processes").flatMap { Int($0) } ?? processes)
    rate = max(1, value("--rate").flatMap { Int($0) } ?? rate)
    burst = max(1, value("--burst").flatMap { Int($0) } ?? burst)
    isDurable = arguments.contains("--durable")
    hasOutage = arguments.contains("--outage")
    if let start = value("--worker").flatMap({ Int64($0) }), let port = value("--port").flatMap({ Int($0) }) {
      worker = (start, port)
    }
  }

  var limit: RateLimit { RateLimit(rate, per: .seconds(1), burst: burst) }

  var length: Duration { .milliseconds(Int64(seconds * 1000)) }

  func workerArguments(startsAt: Instant, port: Int) -> [String] {
    [
      "limit-worker", "--worker", "\(startsAt.nanoseconds)", "--port", "\(port)", "--seconds", "\(seconds)",
      "--processes",
      "\(processes)", "--rate", "\(rate)", "--burst", "\(burst)",
    ]
  }
}
