import Resilience

/// Moderation: looks at what is offered, and flags descriptions that are notes to self rather than texts for customers.
final class Moderation: Sendable {
  let flagged = Tally()
  private static let suspicious = ["?", "DAMAGE", "FAULTY", "WRONG", "CHECK"]

  init(_ house: House) {
    house.subscribe(to: Topic.productAdd, as: "moderation") { [flagged] event in
      let text = event.data.description.uppercased()
      if Self.suspicious.contains(where: text.contains) { flagged.count(event.data.sku) }
    }
  }
}
