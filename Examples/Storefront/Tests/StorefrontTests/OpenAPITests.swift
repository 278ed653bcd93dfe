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

    func expect(
      _ status: Int, _ method: String, _ path: String,
      _ request: () async throws -> ShopClient.Answer
    ) async throws {
      let answer = try await request()
      #expect(answer.status == status, "\(method) \(path): \(String(buffer: answer.body))")
      let faults = try OpenAPIDocument().faults(
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
    try await checker.expect(200, "POST", "/tokens") {
      try await anyone.send(.POST, "/tokens", ["staffKey": key])
    }
    try await checker.expect(400, "POST", "/tokens") {
      try await anyone.send(.POST, "/tokens", ["customer": ""])
    }
    try await checker.expect(401, "POST", "/tokens") {
      try await anyone.send(.POST, "/tokens", ["staffKey": "?"])
    }
  }

  private func products(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ staff: ShopClient
  ) async throws {
    let path = "/products/"
    let product = Product(sku: "71053", description: "WHITE METAL LANTERN", pence: 339, quantity: 6)
    let free = Product(sku: "71053", description: "", pence: 0, quantity: 6)
    try await checker.expect(401, "POST", path) { try await anyone.send(.POST, path, product) }
    try await checker.expect(403, "POST", path) { try await customer.send(.POST, path, product) }
    try await checker.expect(422, "POST", path) { try await staff.send(.POST, path, free) }
    try await checker.expect(201, "POST", path) { try await staff.send(.POST, path, product) }
    try await checker.expect(200, "POST", path) { try await staff.send(.POST, path, product) }
    try await checker.expect(200, "GET", "/products/{sku}") { try await anyone.get("/products/71053") }
    try await checker.expect(404, "GET", "/products/{sku}") { try await anyone.get("/products/99999") }
  }

  private func carts(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ other: ShopClient
  ) async throws {
    let (template, path) = ("/carts/{customer}/items", "/carts/17850/items")
    let (item, nothing) = (Order.Item(sku: "85123A", quantity: 2), Order.Item(sku: "85123A", quantity: 0))
    try await checker.expect(400, "POST", template) { try await customer.send(.POST, path, item) }
    try await checker.expect(401, "POST", template) { try await anyone.send(.POST, path, item, key: "1") }
    try await checker.expect(403, "POST", template) { try await other.send(.POST, path, item, key: "1") }
    try await checker.expect(422, "POST", template) {
      try await customer.send(.POST, path, nothing, key: "1")
    }
    try await checker.expect(201, "POST", template) { try await customer.send(.POST, path, item, key: "1") }
    try await checker.expect(200, "GET", "/carts/{customer}") { try await customer.get("/carts/17850") }
    try await checker.expect(401, "GET", "/carts/{customer}") { try await anyone.get("/carts/17850") }
    try await checker.expect(403, "GET", "/carts/{customer}") { try await other.get("/carts/17850") }
  }

  private func orders(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ other: ShopClient,
    _ staff: ShopClient, _ shop: ShopInProcess
  ) async throws {
    let path = "/orders/"
    let placed = try await shop.order("85123A", 2, by: customer, key: "1")
    let items = ["items": [Order.Item(sku: "85123A", quantity: 2)]]
    let unknown = ["items": [Order.Item(sku: "99999", quantity: 2)]]
    try await checker.expect(201, "POST", path) { try await customer.send(.POST, path, items, key: "2") }
    try await checker.expect(400, "POST", path) { try await customer.send(.POST, path, items) }
    try await checker.expect(401, "POST", path) { try await anyone.send(.POST, path, items, key: "3") }
    try await checker.expect(403, "POST", path) { try await staff.send(.POST, path, items, key: "3") }
    try await checker.expect(422, "POST", path) { try await customer.send(.POST, path, unknown, key: "3") }
    try await checker.expect(200, "GET", "/orders/{id}") { try await customer.get("/orders/\(placed.id)") }
    try await checker.expect(401, "GET", "/orders/{id}") { try await anyone.get("/orders/\(placed.id)") }
    try await checker.expect(404, "GET", "/orders/{id}") { try await other.get("/orders/\(placed.id)") }
  }

  private func configuration(
    _ checker: Checker, _ anyone: ShopClient, _ customer: ShopClient, _ staff: ShopClient
  ) async throws {
    let path = "/configuration"
    func put(_ who: ShopClient, _ timeout: Setting = "2s") async throws -> ShopClient.Answer {
      try await who.configure(["calls.carts.timeout": timeout], basedOn: 0, "a test", key: "\(timeout)")
    }
    let change = ConfigurationChange(note: "a test", values: [:])
    try await checker.expect(200, "GET", path) { try await staff.get(path) }
    try await checker.expect(401, "GET", path) { try await anyone.get(path) }
    try await checker.expect(403, "GET", path) { try await customer.get(path) }
    try await checker.expect(400, "PUT", path) { try await staff.send(.PUT, path, change, tag: "\"0\"") }
    try await checker.expect(401, "PUT", path) { try await put(anyone) }
    try await checker.expect(403, "PUT", path) { try await put(customer) }
    try await checker.expect(422, "PUT", path) { try await put(staff, "2 s") }
    try await checker.expect(428, "PUT", path) { try await staff.send(.PUT, path, change, key: "no tag") }
    try await checker.expect(200, "PUT", path) { try await put(staff) }
    try await checker.expect(412, "PUT", path) { try await put(staff, "1s") }
    try await checker.expect(200, "GET", "\(path)/versions") { try await staff.get("\(path)/versions") }
    try await checker.expect(200, "GET", "\(path)/defaults") { try await staff.get("\(path)/defaults") }
    try await checker.expect(200, "GET", "\(path)/{version}") { try await staff.get("\(path)/1") }
    try await checker.expect(404, "GET", "\(path)/{version}") { try await staff.get("\(path)/2") }
  }
}
