import AsyncHTTPClient
import Logging

/// A day on processes, with its faults spread over it.
struct SupervisedDay: Sendable {
  let supervisor: Supervisor
  let file: DayFile
  let duration: Duration
  let faults: [DayFaults.Fault]

  /// How long all may take to settle when the last customer has left.
  private static let patience = Duration.seconds(60)
  private static let shortestPause = Duration.seconds(1)

  /// How long a day is that has so many faults in it.
  static func duration(with faults: [DayFaults.Fault]) -> Duration {
    max(.seconds(30), faults.reduce(.zero) { $0 + $1.expectedTime + shortestPause })
  }

  func run() async throws -> DayReport {
    try await supervisor.run {
      try await EngineChoice.using(supervisor.engines) { try await play(on: $0) }
    }
  }

  private func play(on engines: EngineChoice) async throws -> DayReport {
    let client = HTTPClient.shared
    let shop = ShopClient(client: client, gateway: supervisor.gateway)
    let settings = ServiceSettings(
      store: engines.store, broker: engines.broker, directory: supervisor.directory, secret: "", staffKey: "")
    let run = DayRun(file, shop, staffKey: supervisor.staffKey)
    try await run.open()
    try await Books.waitForProducts(
      file.products.count + 1, by: client, settings, within: Self.patience)
    async let played: Void = run.play(in: duration)
    let injector = DayFaults(
      supervisor: supervisor, probe: DayProbe(day: run, shop: shop, supervisor: supervisor))
    // What the day has beside the faults is between them.
    let taken = faults.reduce(.zero) { $0 + $1.expectedTime }
    let pause = max(Self.shortestPause, (duration - taken) / (faults.count + 1))
    var results: [DayFaults.Result] = []
    for fault in faults {
      try await Task.sleep(for: pause)
      let result = await injector.inject(fault)
      supervisor.logger.notice("\(result.text)", metadata: ["fault": "\(result.fault)"])
      results.append(result)
    }
    await played
    let books = try await Books.settled(
      by: client, settings, within: Self.patience, quiet: engines.session * 2)
    return DayReport(run, books, results)
  }
}
