internal import ResilienceCore

/// Which events of a group have come from which side, and what became of them. Pure.
///
/// What is settled is remembered up to a number, so that the other side's copy does nothing.
struct MirrorTable: Sendable {
  struct Key: Hashable, Sendable {
    let source: Identifier
    let id: Identifier
    let type: Identifier

    init(_ event: EncodedEvent) {
      source = Identifier(event.source)
      id = Identifier(event.id)
      type = Identifier(event.type)
    }
  }

  struct Held: Sendable {
    let side: MirrorSide
    let consumer: any BrokerConsumer
    let receipt: BrokerReceipt
  }

  enum Arrival: Sendable {
    case new
    case known
    case settled(BrokerSettlement.Outcome)
  }

  private struct Twin: Sendable {
    var held: [Held]
    var outcome: BrokerSettlement.Outcome?
  }

  private let window: Int
  private var twins: [Key: Twin] = [:]
  private var settledKeys = FIFO<Key>()
  private(set) var duplicates = 0

  init(window: Int) {
    self.window = window
  }

  mutating func arrive(_ key: Key, _ held: Held) -> Arrival {
    guard var twin = twins.removeValue(forKey: key) else {
      twins[key] = Twin(held: [held])
      return .new
    }
    duplicates += 1
    twin.held.removeAll { $0.side == held.side }
    if twin.outcome == nil { twin.held.append(held) }
    twins[key] = twin
    return twin.outcome.map { .settled($0) } ?? .known
  }

  func held(_ key: Key) -> [Held] { twins[key]?.held ?? [] }

  /// - Returns: Copies that have come since those of `known` were looked at.
  mutating func settle(
    _ key: Key, _ outcome: BrokerSettlement.Outcome, beside known: [Held]
  ) -> [Held] {
    guard let twin = twins.removeValue(forKey: key), twin.outcome == nil else { return [] }
    twins[key] = Twin(held: [], outcome: outcome)
    settledKeys.append(key)
    if settledKeys.count > window, let oldest = settledKeys.popFirst(), twins[oldest]?.outcome != nil {
      twins[oldest] = nil
    }
    return twin.held.filter { held in
      !known.contains { $0.side == held.side && $0.receipt == held.receipt }
    }
  }

  /// The table without what is not settled, which the sides give out again.
  var settled: MirrorTable {
    var table = self
    table.twins = twins.filter { $0.value.outcome != nil }
    return table
  }

  /// It is to come once more.
  mutating func forget(_ key: Key) { twins[key] = nil }
}
