import Resilience

/// The refunds for dead letters: an order whose event was given up ends here. Whoever paid for it gets the
/// money back, and what was taken for it goes back on the shelf.
final class DeadLetterRefunds: Sendable {
  private let platform: Platform
  private let provider: PaymentProvider
  private let warehouse: Warehouse

  init(_ platform: Platform, _ provider: PaymentProvider, _ warehouse: Warehouse) {
    self.platform = platform
    self.provider = provider
    self.warehouse = warehouse
  }

  /// Works through the letters, when the shop has closed.
  func work() {
    for letter in platform.bus.deadLetters.letters {
      guard let order = letter.event.subject, platform.book.entry(order)?.endings.isEmpty == true else {
        continue
      }
      platform.served.count("dead letter refunds")
      provider.refund(order)
      warehouse.putBack(reservation: order)
      platform.book.end(order, .deadLettered)
    }
  }
}
