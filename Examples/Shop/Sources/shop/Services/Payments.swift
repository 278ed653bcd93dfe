import Resilience

/// Payments: charges what was ordered, and gives back what cannot be delivered.
final class Payments: Sendable {
  /// An order that nobody can pay: no items, or a total that is not above zero.
  struct UnusableOrder: Error, PushbackProviding, CustomStringConvertible {
    var order: String
    var pushback: Pushback { .doNotRetry }
    var description: String { "order \(order) has no items to charge" }
  }

  init(_ platform: Platform, _ provider: PaymentProvider) throws {
    let call = ServiceCall("payment.provider") { (order: OrderCreated) in
      try await provider.charge(
        order.order, order.total, idempotencyKey: platform.idempotencyKey(order.order))
    }.classify { result in
      // A declined card is an answer, not a failure of the provider.
      if case .failure(is PaymentProvider.Declined) = result { .success } else { nil }
    }
    let charge = platform.protect(call) { call in
      call.idempotent().standardStack(platform.stacks["payment"]).trace(platform.tracer("payment"))
    }
    try platform.subscribe(to: Topic.orderCreated, as: "payment") { event in
      let order = event.data
      guard order.total > .zero else { throw UnusableOrder(order: order.order) }
      do {
        try await charge(order)
        try platform.publish(order, as: Topic.paymentCompleted, about: order.order)
      } catch is PaymentProvider.Declined {
        try platform.publish(order, as: Topic.paymentDeclined, about: order.order)
      }
    }
    try platform.subscribe(to: Topic.stockRefused, as: "payment") { event in
      provider.refund(event.data.order)
    }
  }
}
