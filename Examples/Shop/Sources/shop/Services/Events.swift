import Resilience

/// The types of events that the services talk in.
enum Topic {
  static let userRegister = EventType<UserRegistered>("user.register")
  static let productAdd = EventType<ProductAdded>("product.add")
  static let productFlagged = EventType<ProductAdded>("product.flagged")
  static let cartAdd = EventType<CartAdded>("cart.add")
  static let orderCreated = EventType<OrderCreated>("order_created")
  static let paymentCompleted = EventType<OrderCreated>("payment_completed")
  static let paymentDeclined = EventType<OrderCreated>("payment_declined")
  static let stockUpdated = EventType<OrderCreated>("stock_updated")
  static let stockRefused = EventType<OrderCreated>("stock_refused")
  static let orderShipped = EventType<OrderCreated>("order_shipped")
  static let queryProduct = EventType<QueryProduct>("query_product")
  static let productDetails = EventType<ProductDetails>("product_details")
  static let invoiceLine = EventType<InvoiceLine>("invoice_line")
}

struct UserRegistered: Sendable {
  var customer: String
}

struct ProductAdded: Sendable {
  var sku: String
  var description: String
  var price: Money
  var quantity: Int
}

struct CartAdded: Sendable {
  var customer: String
  var sku: String
  var quantity: Int
}

/// An order, as it goes from payment to inventory to logistics.
struct OrderCreated: Sendable {
  var order: String
  var customer: String
  var items: [Invoice.Item]
  var created: Instant

  var total: Money { items.reduce(.zero) { $0 + $1.total } }
}

struct QueryProduct: Sendable {
  var sku: String
}

struct ProductDetails: Sendable {
  var sku: String
  var description: String
  var price: Money
}
