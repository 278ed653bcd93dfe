import Resilience

/// The services of the durable day: each handles one type of event and publishes the next behind an outbox,
/// so that an event and what follows from it are one write.
///
/// A crash comes between a deed and that write, and the event comes again: each deed is noted once for an
/// order, so handling an event twice does nothing twice.
struct DurableShop: Sendable {
  enum Topic {
    static let orderCreated = EventType<Invoice>("order_created")
    static let paymentCompleted = EventType<Invoice>("payment_completed")
    static let stockUpdated = EventType<Invoice>("stock_updated")
    static let stockRefused = EventType<Invoice>("stock_refused")
    static let orderGivenUp = EventType<Invoice>("order_given_up")
  }

  let bus: EventBus
  let books: DurableBooks
  let progress: DurableProgress

  /// Above what crashes can take: each counts as a delivery of all that the bus had received.
  private static let policy = DeliveryPolicy(
    maxDeliveries: 25, backoff: .exponential(base: .milliseconds(2), cap: .milliseconds(40)))

  func open() throws {
    try handle(Topic.orderCreated, "payment", pay)
    try handle(Topic.paymentCompleted, "inventory", takeFromShelf)
    try handle(Topic.stockUpdated, "logistics", ship)
    try handle(Topic.stockRefused, "refunds") { try await giveBack($0.data, .cancelled) }
    try handle(Topic.orderGivenUp, "refunds") { try await giveBack($0.data, .deadLettered) }
  }

  /// Publishes an event whose id says the order and the step: a second one of both is the same event.
  func publish(_ order: Invoice, as topic: EventType<Invoice>) async throws {
    try await bus.publish(
      Event(
        id: "\(order.number)/\(topic.name)", source: bus.source, type: topic, subject: order.customer,
        data: order))
  }

  private func handle(
    _ topic: EventType<Invoice>, _ group: String,
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Invoice>) async throws -> Void
  ) throws {
    let handler = EventHandler("\(group) \(topic.name)") { (event: Event<Invoice>) in
      progress.begin(event.envelope)
      // A second event of an order that was given up meanwhile must not move its money.
      if !books.isSettled(event.data.number) { try await body(event) }
      progress.end()
    }
    try bus.subscribe(to: topic, group: group, policy: Self.policy, handler: handler.outbox(bus))
  }

  // MARK: - Services

  private func pay(_ event: Event<Invoice>) async throws {
    let order = event.data
    let fate = OrderFate(ofOrder: order.number)
    if fate == .cardIsDeclined { return try await books.orders.note(.declined, for: order.number) }
    if fate == .providerFailsTwice, event.attempt <= 2 { throw PaymentProvider.ConnectionLost() }
    try await books.ledger.note(.charged, for: order.number, amount: order.total.thousandths)
    if fate == .answerIsLost { throw PaymentProvider.ConnectionLost() }
    try await publish(order, as: Topic.paymentCompleted)
  }

  private func takeFromShelf(_ event: Event<Invoice>) async throws {
    let order = event.data
    guard OrderFate(ofOrder: order.number) != .isOutOfStock else {
      return try await publish(order, as: Topic.stockRefused)
    }
    try await books.warehouse.note(.taken, for: order.number, amount: order.pieces)
    try await publish(order, as: Topic.stockUpdated)
  }

  private func ship(_ event: Event<Invoice>) async throws {
    let order = event.data
    guard OrderFate(ofOrder: order.number) != .parcelIsLost else {
      throw PoisonEvent("the parcel of order \(order.number) is lost")
    }
    try await books.warehouse.note(.loaded, for: order.number, amount: order.pieces)
    try await books.orders.note(.shipped, for: order.number)
  }

  /// Ends an order that is not shipped, after money and goods are back.
  private func giveBack(_ order: Invoice, _ ending: DurableBooks.OrderState) async throws {
    let number = order.number
    if let amount = books.ledger.amount(of: .charged, for: number) {
      try await books.ledger.note(.refunded, for: number, amount: amount)
    }
    if let pieces = books.warehouse.amount(of: .taken, for: number) {
      try await books.warehouse.note(.putBack, for: number, amount: pieces)
    }
    try await books.orders.note(ending, for: number)
  }
}

extension Invoice {
  fileprivate var pieces: Int { items.reduce(0) { $0 + $1.quantity } }
}
