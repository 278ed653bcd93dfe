import Foundation
import Resilience

/// Starts Redis and the processes, and adds up what they were given.
struct LimitSupervisor {
  private struct Report {
    var given: [(from: Int, to: Int, permits: Int)] = []
    var counts = [0, 0, 0, 0]
  }

  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  /// - Returns: Whether the bound held.
  func run() async throws -> Bool {
    let redis = try await LocalRedis()
    defer { redis.remove() }
    let clock = SystemClock()
    let startsAt = clock.now.advanced(by: .milliseconds(700))
    let workers = try (0..<options.processes).map { number in
      try startWorker(startsAt, redis.port, writingTo: redis.folder.appending(path: "worker-\(number)"))
    }
    if options.hasOutage {
      try await clock.sleep(until: startsAt.advanced(by: options.length / 3))
      redis.kill()
      try await clock.sleep(until: startsAt.advanced(by: options.length * 2 / 3))
      try redis.start()
    }
    var reports: [Report] = []
    for worker in workers {
      worker.process.waitUntilExit()
      reports.append(report(try String(contentsOf: worker.output, encoding: .utf8)))
    }
    return show(reports)
  }

  private func startWorker(
    _ startsAt: Instant, _ port: Int, writingTo output: URL
  ) throws -> (process: Process, output: URL) {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0])
    process.arguments = options.workerArguments(startsAt: startsAt, port: port)
    try Data().write(to: output)
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    return (process, output)
  }

  // MARK: - What they say

  private func report(_ text: String) -> Report {
    var report = Report()
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      let numbers = words.compactMap { Int($0) }
      if words.first == "counts", numbers.count == 4 { report.counts = numbers }
      if words.count == 3, numbers.count == 3 { report.given.append((numbers[0], numbers[1], numbers[2])) }
    }
    return report
  }

  private func show(_ reports: [Report]) -> Bool {
    print(
      "\(options.limit), \(options.processes) processes, \(options.seconds) s\(options.hasOutage ? ", Redis away for a third" : "")"
    )
    print("process   permits  a second  by fallback   refused  round trips  a permit")
    for (number, report) in reports.enumerated() { show("\(number + 1)", report.counts) }
    show("all", (0..<4).map { column in reports.reduce(0) { $0 + $1.counts[column] } })
    let beyond = mostBeyondTheRate(reports.flatMap(\.given))
    // For an outage one burst more, the bursts of the fallbacks, and half a second of these.
    let fallbacks = options.processes * max(1, options.burst / options.processes)
    let bound = options.burst + (options.hasOutage ? options.burst + fallbacks + options.rate / 2 : 0)
    print("beyond the rate, in any stretch of time: \(beyond) at most; the bound is \(bound)")
    return beyond <= bound && reports.allSatisfy { $0.counts[0] > 0 }
  }

  private func show(_ name: String, _ counts: [Int]) {
    func column(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    let perSecond = Int(Double(counts[0]) / options.seconds)
    let perPermit = (Double(counts[3]) / Double(max(1, counts[0])) * 1000).rounded() / 1000
    print(
      name + column("\(counts[0])", 17 - name.count) + column("\(perSecond)", 10) + column("\(counts[1])", 13)
        + column("\(counts[2])", 10) + column("\(counts[3])", 13) + column("\(perPermit)", 10))
  }

  /// Of all stretches of time: how many permits were surely given in it, less what the rate yields in it.
  private func mostBeyondTheRate(_ given: [(from: Int, to: Int, permits: Int)]) -> Int {
    let end = (given.map(\.to).max() ?? 0) + 1
    var starting = [[(to: Int, permits: Int)]](repeating: [], count: end)
    for one in given { starting[one.from].append((one.to, one.permits)) }
    var ending = [Int](repeating: 0, count: end)
    var most = 0
    for from in stride(from: end - 1, through: 0, by: -1) where !starting[from].isEmpty {
      for one in starting[from] { ending[one.to] += one.permits }
      var sum = 0
      for to in from..<end where ending[to] > 0 {
        sum += ending[to]
        most = max(most, sum - options.rate * (to - from) / 1000)
      }
    }
    return most
  }
}
