import Synchronization

/// What really left the warehouse: the orders that were loaded, each time they were.
final class Truck: Sendable {
  private let loads = Mutex<[String: Int]>([:])
  private let pieces = Mutex(0)

  func load(_ order: String, _ items: [Invoice.Item]) {
    loads.withLock { $0[order, default: 0] += 1 }
    pieces.withLock { $0 += items.reduce(0) { $0 + $1.quantity } }
  }

  /// The orders that left more than once.
  var loadedTwice: [String] { loads.withLock { $0.filter { $0.value > 1 }.keys.sorted() } }

  /// Pieces that left, in all.
  var piecesShipped: Int { pieces.withLock { $0 } }
}
