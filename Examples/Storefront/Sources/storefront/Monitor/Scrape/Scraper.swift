import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience
import Synchronization

/// Looks at all processes again and again: whether they are ready, and what their metrics say.
final class Scraper: Sendable {
  static let interval = Duration.seconds(2)
  /// More processes are not looked at.
  static let maxTargets = 200
  private static let timeLimit = Duration.seconds(1)
  private static let maxPageBytes = 4 << 20

  private let client: HTTPClient
  private let targets: @Sendable () -> [ProcessStatus.Target]
  private let state = Mutex(State())

  private struct State {
    var histories: [ProcessStatus.Target: ProcessHistory] = [:]
    var latest: [ProcessStatus] = []
  }

  /// - Parameter targets: The processes there are now.
  init(_ client: HTTPClient, targets: @escaping @Sendable () -> [ProcessStatus.Target]) {
    self.client = client
    self.targets = targets
  }

  /// As they were seen last, by name.
  var latest: [ProcessStatus] { state.withLock { $0.latest } }

  /// Looks at all of them until it is cancelled.
  func run() async throws {
    while true {
      await look()
      try await CallContext.current.clock.sleep(for: Self.interval)
    }
  }

  /// Looks at all of them once, a second at most.
  func look() async {
    let seen = await withTaskGroup(of: (ProcessStatus.Target, ProcessStatus.State, MetricsText?).self) {
      group in
      for target in Set(targets()).sorted(by: { ($0.service, $0.name) < ($1.service, $1.name) }).prefix(
        Self.maxTargets)
      {
        group.addTask { [self] in
          async let state = state(of: target)
          let page = await page(of: target)
          return (target, await state, page)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let clock = CallContext.current.clock
    let seconds = Double(clock.now.nanoseconds) / 1e9
    let unixSeconds = Double(clock.unixTime.nanoseconds) / 1e9
    state.withLock { state in
      // Who has left is forgotten: names come from the registry.
      let targets = Set(seen.map(\.0))
      state.histories = state.histories.filter { targets.contains($0.key) }
      state.latest = seen.map { target, now, page in
        if let page {
          state.histories[target, default: ProcessHistory()].add(AnswerTotals(page), at: seconds)
        }
        let history = state.histories[target] ?? ProcessHistory()
        let recent = history.recent
        return ProcessStatus(
          target: target, state: now, page: page ?? MetricsText(""),
          totals: page.map { AnswerTotals($0) } ?? AnswerTotals(), recent: recent.totals,
          recentSeconds: recent.seconds, history: history.answers,
          uptimeSeconds: page?.sum("process_start_time_seconds").map { max(0, unixSeconds - $0) })
      }.sorted { ($0.target.service, $0.target.name) < ($1.target.service, $1.target.name) }
    }
  }

  private func state(of target: ProcessStatus.Target) async -> ProcessStatus.State {
    guard let (status, _) = try? await get("/health/ready", of: target) else { return .silent }
    return status == 200 ? .ready : .notReady(status)
  }

  private func page(of target: ProcessStatus.Target) async -> MetricsText? {
    guard let (status, text) = try? await get("/metrics", of: target), status == 200 else { return nil }
    return MetricsText(text)
  }

  private func get(_ path: String, of target: ProcessStatus.Target) async throws -> (UInt, String) {
    // The client's own limit ends with the head of a response.
    let call = ServiceCall { [client] (request: HTTPClientRequest) in
      let response = try await client.execute(request, timeout: .seconds(1))
      let body = try await response.body.collect(upTo: Self.maxPageBytes)
      return (response.status.code, String(buffer: body))
    }.timeout(Self.timeLimit)
    return try await call(HTTPClientRequest(url: "http://\(target.address)\(path)"))
  }
}
