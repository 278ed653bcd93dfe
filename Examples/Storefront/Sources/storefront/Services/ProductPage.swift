import Hummingbird
import Resilience

/// The product page: asks the catalogue over the broker, and waits for the reply.
///
/// A bus keeps requests and their replies in memory. So the page asks on a bus of its own, whose only responder
/// puts the question on the shared one; the reply comes back the same way.
struct ProductPage: StorefrontService {
  static let name = "productpage"

  private let pages: EventBus
  private let limit = LivePolicy(ShopPolicies.builtIn.page)

  init(_ platform: Platform) throws {
    let (pages, bus) = (EventBus(source: Self.name), platform.bus)
    self.pages = pages
    platform.configuration.apply { [limit] in limit.update($0.page) }
    try pages.subscribe(to: Topic.productQuery, group: "to the broker") { try await bus.publish($0) }
    // A group for each instance: each gets all replies, and the one that has asked takes it.
    try platform.handle(Topic.productDetails, isOfInstance: true) { try await pages.publish($0) }
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("products/:sku") { _, context in
      let sku = try context.parameters.require("sku")
      let details = try await pages.request(
        ProductQuery(sku: sku), as: Topic.productQuery, expecting: Topic.productDetails,
        timeout: limit.current.duration)
      guard let product = details.product else { throw HTTPError(.notFound, message: "no product \(sku)") }
      return product
    }
  }

  func run() async throws { try await pages.run() }
}
