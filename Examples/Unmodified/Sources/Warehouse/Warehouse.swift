internal import AsyncAlgorithms
internal import Foundation

/// A warehouse as it might run in production: clerks type searches, scales report weights, orders come in,
/// and all of it becomes one journal. Its code knows nothing of a simulation.
public actor Warehouse {
  private let searches = AsyncChannel<String>()
  private let weights = AsyncChannel<Int>()
  private let orders = AsyncChannel<Int>()
  private var lines: [String] = []

  /// Creates a warehouse that is closed.
  public init() {}

  /// What has happened, a line each.
  public var journal: String { lines.joined(separator: "\n") }

  /// Opens for as long as `duration`, and returns when everybody has left.
  public func open(for duration: Duration) async throws {
    let readers = [
      Task { await self.readSearches() },
      Task { await self.readWeightsAndOrders() },
    ]
    let writers = [
      Task { await self.typeSearches() },
      Task.detached { await self.reportWeights() },
      Task { await self.placeOrders() },
    ]
    try await Task.sleep(for: duration)
    for writer in writers { writer.cancel() }
    for writer in writers { await writer.value }
    searches.finish()
    weights.finish()
    orders.finish()
    for reader in readers { await reader.value }
  }

  private func note(_ line: String) {
    let time = Date().formatted(.iso8601.time(includingFractionalSeconds: true))
    lines.append("\(time) \(line)")
  }

  // MARK: - What comes in

  private func typeSearches() async {
    while !Task.isCancelled {
      let word = ["mug", "lantern", "t-light holder", "cake stand"].randomElement() ?? "mug"
      for length in 1...word.count {
        await searches.send(String(word.prefix(length)))
        try? await Task.sleep(for: .milliseconds(Int.random(in: 50...400)))
      }
      try? await Task.sleep(for: .seconds(1))
    }
  }

  private func reportWeights() async {
    while !Task.isCancelled {
      await weights.send(Int.random(in: 1...500))
      try? await Task.sleep(nanoseconds: UInt64.random(in: 50_000_000...200_000_000))
    }
  }

  private func placeOrders() async {
    var number = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(Int.random(in: 100...3000)))
      number += 1
      await orders.send(number)
    }
  }

  // MARK: - What comes of it

  private func readSearches() async {
    for await search in searches.debounce(for: .milliseconds(300)) {
      note("searched for \(search)")
    }
  }

  private func readWeightsAndOrders() async {
    let rare = weights._throttle(for: .seconds(2)).map { "weighed \($0) g" }
    let numbered = orders.map { "packed order \($0) as \(UInt64.random(in: 0 ... .max))" }
    for await line in merge(rare, numbered) { note(line) }
  }
}
