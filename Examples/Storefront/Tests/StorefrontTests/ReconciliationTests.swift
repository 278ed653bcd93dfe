import AsyncHTTPClient
import NIOHTTP1
import Resilience
import Synchronization
import Testing

@testable import storefront

/// What becomes of an order when the broker loses an event of it, or has one more.
@Suite struct ReconciliationTests {
  /// A delivery on an order's way, with the group that it is for.
  struct Delivery: Hashable, Sendable, CustomTestStringConvertible {
    var topic: EventType<Order>
    var group: String
    var testDescription: String { "\(topic.name) for \(group)" }
  }

  private static let way = [
    Delivery(topic: Topic.orderCreated, group: Payments.name),
    Delivery(topic: Topic.orderCreated, group: Carts.name),
    Delivery(topic: Topic.cartCleared, group: Orders.name),
    Delivery(topic: Topic.paymentCompleted, group: Inventory.name),
    Delivery(topic: Topic.paymentDeclined, group: Orders.name),
    Delivery(topic: Topic.stockRefused, group: Payments.name),
    Delivery(topic: Topic.stockUpdated, group: Logistics.name),
    Delivery(topic: Topic.orderShipped, group: Orders.name),
    Delivery(topic: Topic.orderGivenUp, group: Logistics.name),
    Delivery(topic: Topic.orderCancelled, group: Inventory.name),
    Delivery(topic: Topic.stockReturned, group: Payments.name),
    Delivery(topic: Topic.orderRefunded, group: Orders.name),
  ]

  @Test(arguments: way) func anOrderWhoseEventIsLostEndsAllTheSame(lost: Delivery) async throws {
    let hits = Mutex(0)
    let broker = LossyBroker(isLost: { group, _ in
      guard group == "\(lost.group)/\(lost.topic.name)" else { return false }
      // The first two: what is published again may be lost as well.
      return hits.withLock { hits in
        hits += 1
        return hits <= 2
      }
    })
    try await ShopInProcess.run(broker: broker, patience: .zero) { shop in
      let ids = try await shop.orderEachWay()
      let books = try await shop.settled()
      #expect(hits.withLock { $0 } > 2, "nothing was lost")
      #expect(books.repeats > 0)
      #expect(books.isSettled)
      #expect(Invariants.findings(books, acknowledged: ids).flatMap(\.breaches) == [])
      #expect(Set(books.orders.flatMap(\.endings)) == ["shipped", "refunded", "declined"])
      let page = try await shop.metrics(of: Orders.name)
      #expect(page.contains("orders_published_again_total \(books.repeats)"), "\(page)")
      #expect(page.contains("orders_awaited 0"))
    }
  }

  @Test func whatIsPublishedAgainAlthoughNothingIsLostIsDoneOnce() async throws {
    // Each event comes twice, and each order is published again each second.
    try await ShopInProcess.run(broker: LossyBroker(repeatsEach: true), patience: .zero) { shop in
      let ids = try await shop.orderEachWay()
      let books = try await shop.settled()
      #expect(books.isSettled)
      #expect(books.orders.count == ids.count)
      #expect(Invariants.findings(books, acknowledged: ids).flatMap(\.breaches) == [])
    }
  }

  @Test func aProductWhoseEventIsLostIsOfferedWhenItIsAddedAgain() async throws {
    let hits = Mutex<[String: Int]>([:])
    let broker = LossyBroker(isLost: { group, event in
      guard event.type == Topic.productAdded.name else { return false }
      return hits.withLock { hits in
        hits[group, default: 0] += 1
        return hits[group] == 1
      }
    })
    try await ShopInProcess.run(broker: broker) { shop in
      let product = Product(sku: "85123A", description: "", pence: 100, quantity: 5)
      let staff = try await shop.staff()
      #expect(try await staff.send(.POST, "/products/", product).status == 201)
      try await eventually("it is lost for both") { hits.withLock { $0.count == 2 } }
      #expect(try await staff.send(.POST, "/products/", product).status == 200)
      try await eventually("it is on a shelf, and has a price") {
        let books = try await Books.collect(by: .shared, shop.settings)
        return books.products == 1 && books.shelves == [.init(sku: "85123A", initial: 5, stock: 5)]
      }
    }
  }

  @Test func nothingIsPublishedAgainWhereNothingIsLost() async throws {
    try await ShopInProcess.run { shop in
      _ = try await shop.orderEachWay()
      #expect(try await shop.settled().repeats == 0)
    }
  }
}

extension ShopInProcess {
  /// An order for each way that there is: one is shipped, one is short, one has its parcel lost, one is
  /// declined.
  fileprivate func orderEachWay() async throws -> Set<String> {
    try await offer("85123A")
    try await offer("71053", quantity: 5)
    try await offer("84029E", pence: Payments.cardLimit + 1)
    let customer = try await customer("17850")
    let item = Order.Item(sku: "85123A", quantity: 2)
    #expect(try await customer.send(.POST, "/carts/17850/items", item, key: "cart").status == 201)
    var ids: Set<String> = []
    for (sku, quantity) in [("85123A", 2), ("71053", 6), ("85123A", 3), ("84029E", 1)] {
      ids.insert(try await order(sku, quantity, by: customer).id)
    }
    return ids
  }
}
