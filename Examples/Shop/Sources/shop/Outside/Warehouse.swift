import Synchronization

/// The shelves. All inventory instances look at the same ones.
final class Warehouse: Sendable {
  struct OutOfStock: Error, CustomStringConvertible {
    var sku: String
    var description: String { "\(sku) is out of stock" }
  }

  private struct State {
    var stock: [String: Int] = [:]
    var reservations: [String: [Invoice.Item]] = [:]
    var lowest = 0
    var taken = 0
  }

  private let state = Mutex(State())

  /// Puts goods on a shelf.
  func add(_ sku: String, _ quantity: Int) {
    state.withLock { $0.stock[sku, default: 0] += quantity }
  }

  /// The lowest stock there ever was on any shelf: below zero is a broken promise.
  var lowest: Int { state.withLock { $0.lowest } }

  /// Takes all of an order's goods, or none.
  ///
  /// - Parameter reservation: Requests with the same number take the goods once. Without one, each does.
  func take(_ items: [Invoice.Item], reservation: String?) throws(OutOfStock) {
    let missing: String? = state.withLock { state in
      if let reservation, state.reservations[reservation] != nil { return nil }
      var wanted: [String: Int] = [:]
      for item in items { wanted[item.sku, default: 0] += item.quantity }
      let short = wanted.filter { state.stock[$0.key, default: 0] < $0.value }.keys.min()
      guard short == nil else { return short }
      for (sku, quantity) in wanted {
        state.stock[sku, default: 0] -= quantity
        state.lowest = min(state.lowest, state.stock[sku, default: 0])
        state.taken += quantity
      }
      if let reservation { state.reservations[reservation] = items }
      return nil
    }
    if let missing { throw OutOfStock(sku: missing) }
  }

  /// Puts back what was taken under a number; nothing if nothing was.
  func putBack(reservation: String) {
    state.withLock { state in
      for item in state.reservations.removeValue(forKey: reservation) ?? [] {
        state.stock[item.sku, default: 0] += item.quantity
        state.taken -= item.quantity
      }
    }
  }

  /// Pieces that are off the shelves.
  var piecesTaken: Int { state.withLock { $0.taken } }
}
