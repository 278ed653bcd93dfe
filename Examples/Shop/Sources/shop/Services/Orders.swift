import Resilience
import Synchronization

/// Orders: places them, and writes down how they end.
final class Orders: Sendable {
  private let house: House
  private let placed = Mutex<Set<String>>([])
  private let announce: AnyHandler<OrderCreated, Void>

  init(_ house: House) {
    self.house = house
    announce = AnyHandler(
      ServiceCall("order") { (order: OrderCreated) in
        try house.publish(order, as: Topic.orderCreated, about: order.order)
      }.trace(house.rootTracer))
    end(.shipped, when: Topic.orderShipped)
    end(.declined, when: Topic.paymentDeclined)
    end(.cancelled, when: Topic.stockRefused)
  }

  /// Places an order. With the toolkit placing it again, as impatient customers do, changes nothing.
  func place(_ invoice: Invoice) async throws {
    let isNew = placed.withLock { $0.insert(invoice.number).inserted }
    guard isNew || !house.isProtected else { return }
    house.book.place(invoice.number)
    try await announce(
      OrderCreated(
        order: invoice.number, customer: invoice.customer, items: invoice.items,
        created: CallContext.current.readClock()))
  }

  private func end(_ ending: OrderBook.Ending, when topic: EventType<OrderCreated>) {
    house.subscribe(to: topic, as: "order") { [house] event in
      house.book.end(event.data.order, ending)
    }
  }
}
