import Resilience
import Synchronization

/// Takes the spans of all processes in, and keeps the last of their traces in memory.
final class TraceCollector: Sendable {
  private let table: Mutex<TraceTable>
  private let refused = Mutex(0)

  /// - Parameter maxCost: The most bytes, about. Default: 32 MiB, some 20 000 spans of this shop.
  init(maxCost: Int = 32 << 20) { table = Mutex(TraceTable(maxCost: maxCost)) }

  func add(_ spans: [CollectedSpan]) {
    table.withLock { table in
      for span in spans { table.add(span) }
    }
  }

  /// Counts a document that could not be read.
  func refuse() { refused.withLock { $0 += 1 } }

  func trace(_ id: TraceID) -> CollectedTrace? { table.withLock { $0[id] } }

  /// The newest first.
  var traces: [CollectedTrace] {
    // A copy of references: what is made of it is made outside the lock. Who adds a span meanwhile copies the table
    // of traces once, which has a bound.
    let copy = table.withLock { $0 }
    return copy.newest
  }

  func snapshot() -> TraceCollectorSnapshot {
    let refused = refused.withLock { $0 }
    return table.withLock {
      TraceCollectorSnapshot(
        traces: $0.traceCount, spans: $0.spanCount, bytes: $0.cost, maxBytes: $0.maxCost, counts: $0.counts,
        refusedDocuments: refused)
    }
  }
}
