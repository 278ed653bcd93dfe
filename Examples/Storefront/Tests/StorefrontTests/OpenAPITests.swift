import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import storefront

/// The document says what the gateway answers.
@Suite(.serialized) struct OpenAPITests {
  /// Sends requests, and holds each answer against the document.
  private final class Checker: Sendable {
    private let checked = Mutex<Set<String>>([])

    var answers: Set<String> { checked.withLock { $0 } }

    /// - Parameter target: The path that is asked for, where it is not the one of the document.
    func expect(
      _ status: Int, _ path: String, by client: ShopClient, at target: String? = nil
    ) async throws {
      try await check(status, "GET", path, nil, nil) { try await client.get(target ?? path) }
    }

    /// - Parameters:
    ///   - key: The `Idempotency-Key`.
    ///   - tag: What `If-Match` has.
    func expect(
      _ status: Int, _ path: String, by client: ShopClient, at target: String? = nil,
      posting body: some Encodable & Sendable, as method: HTTPMethod = .POST, key: String? = nil,
      tag: String? = nil
    ) async throws {
      try await check(status, method.rawValue, path, JSONEncoder().encode(body), key) {
        try await client.send(method, target ?? path, body, key: key, tag: tag)
      }
    }

    private func check(
      _ status: Int, _ method: String, _ path: String, _ body: Data?, _ key: String?,
      _ request: () async throws -> ShopClient.Answer
    ) async throws {
      let answer = try await request()
      #expect(answer.status == status, "\(method) \(path): \(String(buffer: answer.body))")
      let document = try OpenAPIDocument()
      // Who keeps to the document is not told that the request is wrong, and who does not has no success.
      let breaches = try document.faults(ofRequest: body, key: key, to: method, path)
      if status < 300 { #expect(breaches == [], "\(method) \(path) \(status)") }
      if status == 400 { #expect(breaches != [], "\(method) \(path) \(status)") }
      let faults = try document.faults(
        of: Data(answer.body.readableBytesView), to: method, path, answer.status)
      #expect(faults == [], "\(method) \(path) \(status)")
      checked.withLock { _ = $0.insert("\(method) \(path) \(answer.status)") }
    }
  }

  @Test func everyAnswerThatIsDescribedIsGiven() async throws {
    try await ShopInProcess.run { shop in
      let (checker, anyone, staff) = (Checker(), shop.shop, try await shop.staff())
      let (customer, other) = (try await shop.customer("17850"), try await shop.customer("13047"))
      try await tokens(checker, anyone, shop.settings.staffKey)
      try await products(checker, anyone, customer, staff)
      try await shop.offer("85123A")
      try await carts(checker, anyone, customer, other)
      try await orders(checker, anyone, customer, other, staff, shop)
      try await configuration(checker, anyone, customer, staff)
      let described = try OpenAPIDocument().answers
      #expect(checker.answers == described)
    }
  }

  private func tokens(_ checker: Checker, _ anyone: ShopClient, _ key: String) async throws {
    try await checker.expect(200, "/tokens", by: anyone, posting: ["staffKey": key])
    try await checker.expect(400, "/tokens", by: anyone, posting: ["customer": ""])
    try await checker.expect(401, "/tokens", by: anyone, posting: ["staffKey": "?"])
  }

  private func products(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ staff: ShopClient
  ) async throws {
    let path = "/products/"
    let product = Product(sku: "71053", description: "WHITE METAL LANTERN", pence: 339, quantity: 6)
    let free = Product(sku: "71053", description: "", pence: 0, quantity: 6)
    try await checker.expect(401, path, by: anyone, posting: product)
    try await checker.expect(403, path, by: customer, posting: product)
    try await checker.expect(422, path, by: staff, posting: free)
    try await checker.expect(201, path, by: staff, posting: product)
    try await checker.expect(200, path, by: staff, posting: product)
    try await checker.expect(200, "/products/{sku}", by: anyone, at: "/products/71053")
    try await checker.expect(404, "/products/{sku}", by: anyone, at: "/products/99999")
  }

  private func carts(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ other: ShopClient
  ) async throws {
    let (template, path) = ("/carts/{customer}/items", "/carts/17850/items")
    let (item, nothing) = (Order.Item(sku: "85123A", quantity: 2), Order.Item(sku: "85123A", quantity: 0))
    try await checker.expect(400, template, by: customer, at: path, posting: item)
    try await checker.expect(401, template, by: anyone, at: path, posting: item, key: "1")
    try await checker.expect(403, template, by: other, at: path, posting: item, key: "1")
    try await checker.expect(422, template, by: customer, at: path, posting: nothing, key: "1")
    try await checker.expect(201, template, by: customer, at: path, posting: item, key: "1")
    try await checker.expect(200, "/carts/{customer}", by: customer, at: "/carts/17850")
    try await checker.expect(401, "/carts/{customer}", by: anyone, at: "/carts/17850")
    try await checker.expect(403, "/carts/{customer}", by: other, at: "/carts/17850")
  }

  private func orders(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ other: ShopClient,
    _ staff: ShopClient, _ shop: ShopInProcess
  ) async throws {
    let path = "/orders/"
    let placed = try await shop.order("85123A", 2, by: customer, key: "1")
    let items = ["items": [Order.Item(sku: "85123A", quantity: 2)]]
    let unknown = ["items": [Order.Item(sku: "99999", quantity: 2)]]
    try await checker.expect(201, path, by: customer, posting: items, key: "2")
    try await checker.expect(400, path, by: customer, posting: items)
    try await checker.expect(401, path, by: anyone, posting: items, key: "3")
    try await checker.expect(403, path, by: staff, posting: items, key: "3")
    try await checker.expect(422, path, by: customer, posting: unknown, key: "3")
    try await checker.expect(200, "/orders/{id}", by: customer, at: "/orders/\(placed.id)")
    try await checker.expect(401, "/orders/{id}", by: anyone, at: "/orders/\(placed.id)")
    try await checker.expect(404, "/orders/{id}", by: other, at: "/orders/\(placed.id)")
  }

  private func configuration(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ staff: ShopClient
  ) async throws {
    let path = "/configuration"
    func put(
      _ status: Int, by who: ShopClient, _ timeout: Setting = "2s", key: String? = "1", tag: String? = "\"0\""
    ) async throws {
      let change = ConfigurationChange(note: "a test", values: ["calls.carts.timeout": timeout])
      try await checker.expect(status, path, by: who, posting: change, as: .PUT, key: key, tag: tag)
    }
    try await checker.expect(200, path, by: staff)
    try await checker.expect(401, path, by: anyone)
    try await checker.expect(403, path, by: customer)
    try await put(400, by: staff, key: nil)
    try await put(401, by: anyone)
    try await put(403, by: customer)
    try await put(422, by: staff, "2 s")
    try await put(428, by: staff, tag: nil)
    try await put(200, by: staff)
    try await put(412, by: staff, "1s", key: "2")
    try await checker.expect(200, "\(path)/versions", by: staff)
    try await checker.expect(200, "\(path)/defaults", by: staff)
    try await checker.expect(200, "\(path)/{version}", by: staff, at: "\(path)/1")
    try await checker.expect(404, "\(path)/{version}", by: staff, at: "\(path)/2")
  }
}
