import Resilience
import Synchronization

/// Where every order of the day stands. It only writes down; it repairs nothing.
final class OrderBook: Sendable {
  enum Ending: String, Sendable {
    case shipped, cancelled, declined, deadLettered
  }

  struct Entry {
    var total: Money
    var placed: Instant?
    var endings: [Ending] = []
    var ended: Instant?
    /// The trace in which it was placed.
    var trace: TraceID?
  }

  private let entries = Mutex<[String: Entry]>([:])

  /// Enters an order that is to come.
  func expect(_ order: String, total: Money) {
    entries.withLock { $0[order] = Entry(total: total) }
  }

  func place(_ order: String) {
    let context = CallContext.current
    let (now, trace) = (context.readClock(), context.trace.traceID)
    entries.withLock {
      $0[order]?.placed = now
      $0[order]?.trace = trace
    }
  }

  /// Notes an ending. Noting the same one again, as redeliveries do, changes nothing.
  func end(_ order: String, _ ending: Ending) {
    let now = CallContext.current.readClock()
    entries.withLock { entries in
      guard let known = entries[order]?.endings, !known.contains(ending) else { return }
      entries[order]?.endings.append(ending)
      entries[order]?.ended = now
    }
  }

  func entry(_ order: String) -> Entry? { entries.withLock { $0[order] } }

  var orders: [String] { entries.withLock { $0.keys.sorted() } }

  /// Orders that ended as shipped and nothing else.
  var shippedCount: Int { entries.withLock { $0.values.count { $0.endings == [.shipped] } } }

  /// From placing to shipping, in seconds, of each order that ended as shipped and nothing else.
  var latencies: [String: Double] {
    entries.withLock { entries in
      entries.compactMapValues { entry in
        guard entry.endings == [.shipped], let placed = entry.placed, let ended = entry.ended else {
          return nil
        }
        return Double(placed.nanoseconds(to: ended)) / 1_000_000_000
      }
    }
  }

  func orders(_ ending: Ending) -> [String] {
    entries.withLock { entries in entries.filter { $0.value.endings.contains(ending) }.keys.sorted() }
  }
}
