import Resilience

/// The product page: asks for the details over the bus, and adds what others bought.
final class ProductPage: Sendable {
  struct Page: Sendable {
    var details: ProductDetails
    var recommended: String?
  }

  private let platform: Platform
  private let recommendation: Recommendation
  private let details: AnyHandler<QueryProduct, ProductDetails>

  init(_ platform: Platform, _ recommendation: Recommendation) {
    self.platform = platform
    self.recommendation = recommendation
    let query = ServiceCall("query_product") { (query: QueryProduct) in
      try await platform.bus.request(query, as: Topic.queryProduct, expecting: Topic.productDetails)
    }
    details = platform.protect(query) { query in
      query.standardStack(platform.stacks["product"])
    }
  }

  func page(_ sku: String) async throws -> Page {
    platform.served.count("product page")
    return Page(details: try await details(QueryProduct(sku: sku)), recommended: recommendation.besides(sku))
  }
}
