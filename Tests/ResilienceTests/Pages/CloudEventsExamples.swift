// The code of CloudEvents.md, compiled.

import Resilience

private struct Request: Sendable {
  var headers: [String: String]
  var body: [UInt8]
}

private func sending(_ order: Order, _ bus: EventBus) async throws {
  let orderPlaced = EventType<Order>("order_placed")  // Order is Codable: JSON

  let event = try await bus.publish(order, as: orderPlaced, subject: "customer 17850")
  let encoded = try event.encoded()

  try await http.post("/events", encoded.json(), contentType: EncodedEvent.jsonContentType)
}

private func receiving(_ request: Request, _ bus: EventBus) async throws {
  try await bus.publish(EncodedEvent(fields: request.headers, body: request.body))
}

private enum Versions {
  struct Order: Sendable, Codable {
    var number: Int
    var currency: String
    var isPaid: Bool
  }

  struct OrderV1: Sendable, Codable {
    var number: Int
  }

  struct OrderV2: Sendable, Codable {
    var number: Int
    var currency: String
  }

  static func third() -> EventType<Order> {
    let orderPlaced = EventType<Order>("order_placed", version: 3)
      .upcasting(from: 1, OrderV1.self) { old in Order(number: old.number, currency: "GBP", isPaid: false) }
      .upcasting(from: 2, OrderV2.self) { old in
        Order(number: old.number, currency: old.currency, isPaid: false)
      }
    return orderPlaced
  }
}
