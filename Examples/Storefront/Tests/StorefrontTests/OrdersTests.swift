import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import storefront

/// What orders refuse, and what becomes of dead letters.
@Suite(.serialized) struct OrdersTests {
  @Test func whatDoesNotGoIntoAnEventIsRefused() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A", quantity: 10_000)
      let customer = try await shop.customer("17850")
      let item = Order.Item(sku: "85123A", quantity: 1)
      func place(_ items: [Order.Item]) async throws -> Int {
        try await customer.send(.POST, "/orders/", ["items": items], key: "\(items.count)").status
      }
      #expect(try await place(Array(repeating: item, count: Orders.maxItems + 1)) == 422)
      #expect(try await place(Array(repeating: item, count: Orders.maxItems)) == 201)
      let long = Order.Item(sku: String(repeating: "8", count: Product.maxSkuBytes + 1), quantity: 1)
      #expect(try await place([long]) == 422)
      #expect(try await customer.send(.POST, "/carts/17850/items", long, key: "k").status == 422)
      let page = try await shop.metrics(of: Orders.name)
      #expect(page.contains("outbox_refused_events 0"), "\(page)")
      #expect(page.contains("outbox_pending_events "))
    }
  }

  @Test func aKeyIsOneHoweverThePathIsSpelled() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let items = ["items": [Order.Item(sku: "85123A", quantity: 1)]]
      var orders: Set<String> = []
      for path in ["/orders", "/orders/", "//orders"] {
        let answer = try await customer.send(.POST, path, items, key: "one click")
        #expect(answer.status == 201, "\(path)")
        orders.insert(try answer.decoded(as: Orders.Status.self).id)
      }
      #expect(orders.count == 1)
    }
  }

  @Test func eachDeadLetterOfAnOrderGivesItUp() async throws {
    try await ShopInProcess.run { shop in
      let order = Order(id: "an order", customer: "17850", items: [.init(sku: "s", quantity: 1)], pence: 1)
      for id in ["first", "second"] { try await shop.loseAnEvent(id, of: order) }
      try await eventually("each letter has its way to the end") {
        try await shop.counts() == ["order_given_up": 2, "order_cancelled": 2, "order_refunded": 2]
      }
      let books = try await shop.settled()
      #expect(books.letters.map(\.order) == [order.id, order.id])
      #expect(books.openLetters == 0)
    }
  }

  @Test func aLetterThatIsNoOrdersStaysAtTheBroker() async throws {
    try await ShopInProcess.run { shop in
      let broker = shop.settings.broker
      let broken = try Event(
        id: "broken", source: "tests", type: EventType<[String: String]>(Topic.productAdded.name), data: [:])
      try await broker.publish([broken.encoded()])
      try await eventually("it is a dead letter") { try await broker.deadLetters().count == 2 }
      // A later one is taken out, so the first ones have been looked at.
      let order = Order(id: "an order", customer: "17850", items: [.init(sku: "s", quantity: 1)], pence: 1)
      try await shop.loseAnEvent("later", of: order)
      try await eventually("the later one is in the books") {
        try await Books.collect(by: .shared, shop.settings).letters.map(\.order) == [order.id]
      }
      // A letter for each of its groups: prices and shelves.
      try await eventually("it is out, and the others are there") {
        try await broker.deadLetters().map(\.event.id) == ["broken", "broken"]
      }
    }
  }

  @Test func aSecondDayInOneFolderIsADayOfItsOwn() async throws {
    try await ShopInProcess.run { shop in
      let day = try DayFile(
        text: """
          InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
          536365,85123A,WHITE HOLDER,2,2010-12-01 08:26:00,2.55,17850.0,United Kingdom

          """)
      for placed in 1...2 {
        let run = DayRun(day, shop.shop, staffKey: shop.settings.staffKey)
        try await run.open()
        try await Books.waitForProducts(2, by: .shared, shop.settings, within: .seconds(10))
        await run.play(in: .zero)
        #expect(run.failedVisits == [])
        #expect(try await Books.collect(by: .shared, shop.settings).orders.count == placed)
      }
    }
  }
}

extension ShopInProcess {
  /// Has an event of an order become a dead letter of payments: it comes too late.
  fileprivate func loseAnEvent(_ id: String, of order: Order) async throws {
    var call = CallContext.current
    let late = Deadline(at: call.now)
    let event = try Event(
      id: id, source: "tests", type: Topic.stockRefused, subject: order.id, data: order, deadline: late)
    try await settings.broker.publish([event.encoded()])
  }

  /// What analytics has counted.
  fileprivate func counts() async throws -> [String: Int] {
    let port = try #require(processes[Analytics.name]?.port.port)
    let analytics = ShopClient(client: .shared, gateway: "http://127.0.0.1:\(port)")
    return try await analytics.get("/books").decoded(as: [String: Int].self)
  }
}
