import Resilience
import Synchronization

/// Orders: places them, and writes down how they end.
final class Orders: Sendable {
  private let platform: Platform
  private let placed = Mutex<Set<String>>([])
  private let announce: AnyHandler<OrderCreated, Void>

  init(_ platform: Platform) throws {
    self.platform = platform
    announce = AnyHandler(
      ServiceCall("order") { (order: OrderCreated) in
        platform.book.place(order.order)
        try platform.publish(order, as: Topic.orderCreated, about: order.order)
      }.trace(platform.rootTracer))
    try end(.shipped, when: Topic.orderShipped)
    try end(.declined, when: Topic.paymentDeclined)
    try end(.cancelled, when: Topic.stockRefused)
  }

  /// Places an order. With the toolkit placing it again, as impatient customers do, changes nothing.
  func place(_ invoice: Invoice) async throws {
    let isNew = placed.withLock { $0.insert(invoice.number).inserted }
    guard isNew || platform.placesEachClick else { return }
    try await announce(
      OrderCreated(
        order: invoice.number, customer: invoice.customer, items: invoice.items,
        created: CallContext.current.readClock()))
  }

  private func end(_ ending: OrderBook.Ending, when topic: EventType<OrderCreated>) throws {
    try platform.subscribe(to: topic, as: "order") { [platform] event in
      platform.book.end(event.data.order, ending)
    }
  }
}
