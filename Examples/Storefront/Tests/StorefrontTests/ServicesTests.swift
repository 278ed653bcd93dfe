import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import storefront

/// The services, each with its server, in one process.
@Suite(.serialized) struct ServicesTests {
  @Test func anOrderIsChargedAndShippedOnce() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A", pence: 255, quantity: 10)
      let customer = try await shop.customer("17850")
      let order = try await shop.order("85123A", 6, by: customer)
      #expect(order.pence == 1530)
      #expect(try await shop.ending(of: order, by: customer) == "shipped")
      let books = try await shop.settled()
      #expect(books.movements == [Payments.Books.Movement(order: order.id, pence: 1530)])
      #expect(books.parcels == [Logistics.Books.Parcel(order: order.id, pieces: 6)])
      #expect(books.shelves == [Inventory.Books.Shelf(sku: "85123A", initial: 10, stock: 4)])
      #expect(Invariants.findings(books, acknowledged: [order.id]).flatMap(\.breaches) == [])
    }
  }

  @Test func whatCannotBeDeliveredIsRefundedAndPutBack() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("71053", quantity: 5)
      try await shop.offer("22752", quantity: 100)
      try await shop.offer("84029E", pence: Payments.cardLimit + 1)
      let customer = try await shop.customer("13047")
      let short = try await shop.order("71053", 6, by: customer)
      // A parcel that is lost: its event becomes a dead letter.
      let lost = try await shop.order("22752", 3, by: customer)
      let declined = try await shop.order("84029E", 1, by: customer)
      #expect(try await shop.ending(of: short, by: customer) == "refunded")
      #expect(try await shop.ending(of: lost, by: customer) == "refunded")
      #expect(try await shop.ending(of: declined, by: customer) == "declined")
      let books = try await shop.settled()
      #expect(books.letters.map(\.order) == [lost.id])
      #expect(books.shelves.allSatisfy { $0.stock == $0.initial })
      #expect(books.movements.count == 4)
      let findings = Invariants.findings(books, acknowledged: [short.id, lost.id, declined.id])
      #expect(findings.flatMap(\.breaches) == [])
    }
  }

  @Test func aRepeatedOrderIsAnsweredAndNotPlacedAgain() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let first = try await shop.order("85123A", 2, by: customer, key: "one click")
      let second = try await shop.order("85123A", 2, by: customer, key: "one click")
      let other = try await shop.order("85123A", 2, by: shop.customer("13047"), key: "one click")
      #expect(second.id == first.id)
      #expect(other.id != first.id)
      let books = try await shop.settled()
      #expect(books.movements.count == 2)
    }
  }

  @Test func anEventThatComesTwiceIsHandledOnce() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let order = try await shop.order("85123A", 2, by: customer)
      #expect(try await shop.ending(of: order, by: customer) == "shipped")
      // What a crash between a publish and its acknowledgement does.
      let copy = Order(
        id: order.id, customer: "17850", items: [Order.Item(sku: "85123A", quantity: 2)], pence: order.pence)
      let steps = [
        (Topic.orderCreated, "orders"), (Topic.paymentCompleted, "payments"),
        (Topic.stockUpdated, "inventory"),
      ]
      for (topic, source) in steps {
        let event = try Event(
          id: "\(order.id)/\(topic.name)", source: source, type: topic, subject: order.id, data: copy)
        try await shop.settings.broker.publish([event.encoded()])
      }
      let books = try await shop.settled()
      #expect(books.movements.count == 1)
      #expect(books.parcels.count == 1)
      #expect(Invariants.findings(books, acknowledged: [order.id]).flatMap(\.breaches) == [])
    }
  }

  @Test func aCartIsTheCustomersAndIsEmptiedByTheOrder() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let item = Order.Item(sku: "85123A", quantity: 2)
      for key in ["first", "first", "second"] {
        #expect(try await customer.send(.POST, "/carts/17850/items", item, key: key).status == 201)
      }
      let cart = try await customer.get("/carts/17850").decoded(as: Carts.Cart.self)
      #expect(cart.items == [Order.Item(sku: "85123A", quantity: 4)])
      #expect(try await shop.customer("13047").get("/carts/17850").status == 403)
      _ = try await shop.order("85123A", 3, by: customer)
      try await eventually("what was ordered has left the cart") {
        try await customer.get("/carts/17850").decoded(as: Carts.Cart.self).items
          == [Order.Item(sku: "85123A", quantity: 1)]
      }
      _ = try await shop.order("85123A", 4, by: customer)
      try await eventually("the cart is empty") {
        try await customer.get("/carts/17850").decoded(as: Carts.Cart.self).items.isEmpty
      }
    }
  }

  @Test func theGatewayAsksWhoItIs() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let product = Product(sku: "10000", description: "", pence: 1, quantity: 1)
      #expect(try await shop.shop.send(.POST, "/products/", product).status == 401)
      #expect(try await customer.send(.POST, "/products/", product).status == 403)
      #expect(try await shop.shop.send(.POST, "/tokens", ["staffKey": "guessed"]).status == 401)
      #expect(try await shop.shop.send(.POST, "/orders/", ["items": [String]()], key: "k").status == 401)
      #expect(try await shop.shop.send(.POST, "/tokens", ["customer": "a\r\nx-customer: b"]).status == 400)
      let much = ["items": [Order.Item(sku: String(repeating: "8", count: 1 << 20), quantity: 1)]]
      #expect(try await customer.send(.POST, "/orders/", much, key: "k").status == 413)
      let order = try await shop.order("85123A", 1, by: customer)
      #expect(try await shop.customer("13047").get("/orders/\(order.id)").status == 404)
      #expect(try await shop.staff().get("/orders/\(order.id)").status == 200)
    }
  }

  @Test func thePageComesOverTheBroker() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A", pence: 255)
      let page = try await shop.shop.get("/products/85123A").decoded(as: Product.self)
      #expect(page.pence == 255)
      #expect(try await shop.shop.get("/products/99999").status == 404)
    }
  }

  @Test func aCustomerThatComesTooOftenIsLimitedAndOthersAreNot() async throws {
    try await ShopInProcess.run { shop in
      let (greedy, other) = (try await shop.customer("1"), try await shop.customer("2"))
      // No permit comes back, however long this takes.
      let change = try await shop.staff().configure(
        ["gateway.customers.period": "1h"], basedOn: 0, "a test", key: "1")
      #expect(change.status == 200)
      try await eventually("the gateway goes by it") {
        try await shop.metrics(of: Gateway.name).contains("configuration_version 1\n")
      }
      let statuses = try await withThrowingTaskGroup { group in
        for _ in 0..<150 { group.addTask { try await greedy.get("/carts/1").status } }
        return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
      }
      #expect(statuses.contains(429))
      #expect(try await other.get("/carts/2").status == 200)
    }
  }

  @Test func aRequestWithoutTimeLeftIsNotServed() async throws {
    try await ShopInProcess.run { shop in
      var request = HTTPClientRequest(url: shop.shop.gateway + "/products/85123A")
      request.headers.add(name: "x-envoy-expected-rq-timeout-ms", value: "0")
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
      #expect(response.status.code == 504)
    }
  }

  @Test func aProductThatIsThereIsAnsweredAsItIs() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A", pence: 255, quantity: 10)
      let other = Product(sku: "85123A", description: "another", pence: 1, quantity: 1)
      let answer = try await shop.staff().send(.POST, "/products/", other)
      #expect(answer.status == 200)
      #expect(
        try answer.decoded(as: Product.self)
          == Product(sku: "85123A", description: "Piece 85123A", pence: 255, quantity: 10))
    }
  }

  @Test func whoHasLostItsPlaceIsNotReady() async throws {
    try await ShopInProcess.run { shop in
      let store = shop.settings.store
      let port = try #require(shop.processes["carts"]?.port.port)
      func isReady() async throws -> Bool {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/health/ready")
        return try await HTTPClient.shared.execute(request, timeout: .seconds(1)).status == .ok
      }
      #expect(try await isReady())
      let present = try #require(try await store.list("carts").records.first)
      let other = ServiceInstance(id: present.instance.id, service: "carts", address: "127.0.0.1:1")
      let lease = try await store.grantLease(ttl: .seconds(60))
      _ = try await store.write(
        StoreRecord(other, state: .inService, leaseID: lease.id), if: .revision(present.revision))
      try await eventually("it says so") { try await !isReady() }
      try await store.revoke(lease)
      try await eventually("it has its place again") { try await isReady() }
      #expect(try await store.list("carts").records.map(\.instance.address) == ["127.0.0.1:\(port)"])
    }
  }

  @Test func aServiceThatIsAwayIsARefusalAndNotAHangingRequest() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      await shop.processes["carts"]?.stop()
      try await eventually("the gateway says so") { try await customer.get("/carts/17850").status >= 502 }
      #expect(try await shop.shop.get("/products/85123A").status == 200)
    }
  }

  @Test func theBrokerForgetsTheGroupOfAnInstanceThatShutsDown() async throws {
    let broker = MemoryBroker(policy: BrokerPolicy(session: .seconds(3)))
    try await ShopInProcess.run(broker: broker) { shop in
      let own = "productpage-1/product_details"
      #expect(broker.snapshot().groups.map(\.name).contains(own))
      await shop.processes["productpage"]?.stop()
      try await eventually("it is forgotten") { !broker.snapshot().groups.map(\.name).contains(own) }
      #expect(broker.snapshot().groups.map(\.name).contains("payments/order_created"))
    }
  }

  @Test func aCustomerWhoseTokenDoesNotHoldAnyMoreLogsInAgain() async throws {
    try await ShopInProcess.run { shop in
      var session = Session(shop.shop, ["customer": "17850"], shop.patience)
      var tokens: [String] = []
      let answer = try await session.run("GET /carts/{customer}") { client in
        tokens.append(try #require(client.token))
        var client = client
        if tokens.count == 1 { client.token = "one that does not hold" }
        return try await client.get("/carts/17850")
      }
      #expect(answer.status == 200)
      #expect(tokens.count == 2)
      #expect(shop.patience.failures == ["401": 1])
    }
  }
}
