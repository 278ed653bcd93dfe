import Resilience

/// The dead letter desk: an order whose event was given up ends here. Whoever paid for it gets the money back, and what was
/// taken for it goes back on the shelf.
final class DeadLetterDesk: Sendable {
  private let house: House
  private let provider: PaymentProvider
  private let warehouse: Warehouse

  init(_ house: House, _ provider: PaymentProvider, _ warehouse: Warehouse) {
    self.house = house
    self.provider = provider
    self.warehouse = warehouse
  }

  /// Works through the letters, when the shop has closed.
  func work() {
    for letter in house.bus.deadLetters.letters {
      guard let order = letter.event.subject, house.book.entry(order)?.endings.isEmpty == true else {
        continue
      }
      house.served.count("dead letter desk")
      provider.refund(order)
      warehouse.putBack(reservation: order)
      house.book.end(order, .deadLettered)
    }
  }
}
