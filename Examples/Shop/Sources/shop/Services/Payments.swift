import Resilience

/// Payments: charges what was ordered, and gives back what cannot be delivered.
final class Payments: Sendable {
  /// An order that nobody can pay: no items, or a total that is not above zero.
  struct UnusableOrder: Error, PushbackProviding, CustomStringConvertible {
    var order: String
    var pushback: Pushback { .doNotRetry }
    var description: String { "order \(order) has no items to charge" }
  }

  init(_ house: House, _ provider: PaymentProvider) {
    let call = ServiceCall("payment.provider") { (order: OrderCreated) in
      try await provider.charge(
        order.order, order.total, idempotencyKey: house.isProtected ? order.order : nil)
    }.classify { result in
      // A declined card is an answer, not a failure of the provider.
      if case .failure(is PaymentProvider.Declined) = result { .success } else { nil }
    }
    let charge = house.protect(call) { call in
      call.idempotent().timeout(.seconds(2)).circuitBreaker(house.breaker("payment"))
        .retry(RetryPolicy(maxAttempts: 3, backoff: .exponential(base: .milliseconds(200))))
    }
    house.subscribe(to: Topic.orderCreated, as: "payment") { event in
      let order = event.data
      guard order.total > .zero else { throw UnusableOrder(order: order.order) }
      do {
        try await charge(order)
        try house.publish(order, as: Topic.paymentCompleted, about: order.order)
      } catch is PaymentProvider.Declined {
        try house.publish(order, as: Topic.paymentDeclined, about: order.order)
      }
    }
    house.subscribe(to: Topic.stockRefused, as: "payment") { event in
      provider.refund(event.data.order)
    }
  }
}
