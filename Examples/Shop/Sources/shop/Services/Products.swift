import Resilience
import Synchronization

/// The catalogue: learns of products by `product.add`, answers `query_product` with `product_details`.
final class Products: Sendable {
  struct UnknownProduct: Error {
    var sku: String
  }

  private let platform: Platform
  private let catalogue = Mutex<[String: ProductDetails]>([:])
  /// The old database machine: two queries at a time, 150 ms each.
  private let database = Workers(2)

  init(_ platform: Platform) throws {
    self.platform = platform
    try platform.subscribe(to: Topic.productAdd, as: "product") { [self] event in
      let product = event.data
      let details = ProductDetails(sku: product.sku, description: product.description, price: product.price)
      catalogue.withLock { $0[product.sku] = details }
    }
    try platform.respond(to: Topic.queryProduct, with: Topic.productDetails, as: "product") { [self] query in
      try await database.work(for: .milliseconds(150))
      guard let details = catalogue.withLock({ $0[query.sku] }) else { throw UnknownProduct(sku: query.sku) }
      return details
    }
  }
}
