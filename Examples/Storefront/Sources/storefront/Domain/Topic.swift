import Resilience

/// The types of events that the services talk in.
enum Topic {
  static let orderCreated = EventType<Order>("order_created")
  static let paymentCompleted = EventType<Order>("payment_completed")
  static let paymentDeclined = EventType<Order>("payment_declined")
  static let stockUpdated = EventType<Order>("stock_updated")
  static let stockRefused = EventType<Order>("stock_refused")
  static let orderShipped = EventType<Order>("order_shipped")
  /// An event of this order is a dead letter: the order is not to go on.
  static let orderGivenUp = EventType<Order>("order_given_up")
  /// Logistics has not shipped the order, and will not.
  static let orderCancelled = EventType<Order>("order_cancelled")
  /// What a cancelled order had in the inventory is on its shelves again.
  static let stockReturned = EventType<Order>("stock_returned")
  /// What was ordered has left the cart.
  static let cartCleared = EventType<Order>("cart_cleared")
  static let orderRefunded = EventType<Order>("order_refunded")

  static let productAdded = EventType<Product>("product.add")
  static let productQuery = EventType<ProductQuery>("query_product")
  static let productDetails = EventType<ProductDetails>("product_details")

  /// What has an order in it.
  static let ofOrders = Set(
    [
      orderCreated, paymentCompleted, paymentDeclined, stockUpdated, stockRefused, orderShipped, orderGivenUp,
      orderCancelled, stockReturned, orderRefunded, cartCleared,
    ].map(\.name))
  /// Questions of product pages and their answers: nobody waits for them for long.
  static let ofPages: Set = [productQuery.name, productDetails.name]

  /// Says that a service has begun, and is one more reason for the broker to know all of its groups by then.
  static let serviceStarted = EventType<ServiceStarted>("service.started")
}

/// A question of the product page.
struct ProductQuery: Codable, Sendable {
  var sku: String
}

/// The answer of the catalogue; without a product for a number that it does not know.
struct ProductDetails: Codable, Sendable {
  var product: Product?
}

struct ServiceStarted: Codable, Sendable {
  var service: String
}
