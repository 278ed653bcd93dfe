import Resilience

/// The product page: asks for the details over the bus, and adds what others bought.
final class ProductPage: Sendable {
  struct Page: Sendable {
    var details: ProductDetails
    var recommended: String?
  }

  private let house: House
  private let recommendation: Recommendation
  private let details: AnyHandler<QueryProduct, ProductDetails>

  init(_ house: House, _ recommendation: Recommendation) {
    self.house = house
    self.recommendation = recommendation
    let query = ServiceCall("query_product") { (query: QueryProduct) in
      try await house.bus.request(query, as: Topic.queryProduct, expecting: Topic.productDetails)
    }
    details = house.protect(query) { query in
      query.timeout(.seconds(2)).circuitBreaker(house.breaker("product")).retry(RetryPolicy(maxAttempts: 2))
    }
  }

  func page(_ sku: String) async throws -> Page {
    house.served.count("product page")
    return Page(details: try await details(QueryProduct(sku: sku)), recommended: recommendation.besides(sku))
  }
}
