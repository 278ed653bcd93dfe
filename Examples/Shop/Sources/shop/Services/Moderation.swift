import Resilience

/// Moderation: looks at what is offered, and tells of descriptions that are notes to self rather than texts
/// for customers.
final class Moderation: Sendable {
  private static let suspicious = ["?", "DAMAGE", "FAULTY", "WRONG", "CHECK"]

  init(_ platform: Platform) throws {
    try platform.subscribe(to: Topic.productAdd, as: "moderation") { event in
      let product = event.data
      let text = product.description.uppercased()
      if Self.suspicious.contains(where: text.contains) {
        try platform.publish(product, as: Topic.productFlagged, about: product.sku)
      }
    }
  }
}
