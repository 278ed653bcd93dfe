import Resilience
import Synchronization

/// The carts: what each customer is about to buy.
final class Carts: Sendable {
  private let platform: Platform
  private let carts = Mutex<[String: [String: Int]]>([:])

  init(_ platform: Platform) throws {
    self.platform = platform
    try platform.subscribe(to: Topic.cartAdd, as: "cart") { [self] event in
      let added = event.data
      carts.withLock { $0[added.customer, default: [:]][added.sku, default: 0] += added.quantity }
    }
  }

  func add(_ sku: String, _ quantity: Int, for customer: String) throws {
    try platform.publish(
      CartAdded(customer: customer, sku: sku, quantity: quantity), as: Topic.cartAdd, about: customer)
  }

  func empty(_ customer: String) {
    carts.withLock { $0[customer] = nil }
  }

  /// Carts that nobody checked out.
  var leftBehind: Int { carts.withLock { $0.count } }
}
