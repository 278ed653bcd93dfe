import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

/// Hedge, coalescing, fallback and bulkhead inside and around each other and a retry: they end when they are
/// cancelled, and leave nothing behind.
@Suite struct ShelteredStackTests {
  enum Layer: String, CaseIterable, Sendable {
    case hedge, coalescing, fallback, bulkhead, retry
  }

  private static let pairs = Layer.allCases.flatMap { inner in
    Layer.allCases.filter { $0 != inner }.map { [inner, $0] }
  }

  private static func stack(
    _ layers: [Layer], around call: ServiceCall<Int, Int>, _ bulkhead: Bulkhead
  ) -> AnyHandler<Int, Int> {
    let milliseconds = Duration.milliseconds(10)
    return layers.reduce(call.erased()) { base, layer in
      switch layer {
      case .hedge:
        base.hedge(HedgePolicy(delay: .fixed(milliseconds)), budget: nil).erased()
      case .coalescing: base.coalesce(by: \.self).erased()
      case .fallback:
        base.fallback { _, _ in
          try await CallContext.current.clock.sleep(for: milliseconds)
          return 0
        }.erased()
      case .bulkhead: base.bulkhead(bulkhead).erased()
      case .retry:
        base.retry(
          RetryPolicy(maxAttempts: 2, backoff: .constant(milliseconds, jitter: .none)), budget: nil
        ).erased()
      }
    }
  }

  /// Work of 10 ms that fails is cancelled at each instant at which something may happen; somebody else has
  /// the bulkhead's only place for the first 10 ms.
  @Test(arguments: pairs)
  func row28_cancelledAtAnyPointTheCallEndsAndNothingIsLeft(layers: [Layer]) throws {
    for instant in [0, 5, 10, 15, 20] as [Int64] {
      let exploration = try Simulation.exploreEveryInterleaving(limit: 20_000) { sim in
        let bulkhead = Bulkhead("destination", limit: .fixed(1), maxWaiting: 2)
        let running = Log<Int>()
        let call = ServiceCall("destination") { (_: Int) -> Int in
          running.append(1)
          defer { running.append(-1) }
          try await sim.sleep(for: .milliseconds(10))
          throw Down()
        }
        let stack = Self.stack(layers, around: call, bulkhead)
        let permit = layers.contains(.bulkhead) ? try await bulkhead.enter() : nil
        let ended = Log<Instant>()
        try await cancelling(after: .milliseconds(instant), sim) {
          _ = try? await stack(1)
          ended.append(sim.now)
        }
        try sim.require(ended.entries.allSatisfy { $0 <= .init(nanoseconds: instant * 1_000_000) }, "late")
        try sim.require(ended.entries.count == 1, "the call did not end")
        try sim.require(running.entries.reduce(0, +) == 0, "an attempt is left")
        try sim.require(bulkhead.snapshot().waiting == 0, "somebody waits for \(bulkhead)")
        _ = consume permit
        try sim.require(bulkhead.snapshot().inUse == 0, "a place is left taken")
      }
      #expect(exploration.isComplete, "\(layers) at \(instant): \(exploration.runs)")
    }
  }
}
