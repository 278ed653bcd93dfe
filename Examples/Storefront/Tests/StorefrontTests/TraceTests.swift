import Testing

@testable import storefront

@Suite(.serialized) struct TraceTests {
  @Test func anOrderIsOneTraceThroughAllServicesThatHandleIt() async throws {
    try await Collector.run { collector, address in
      try await ShopInProcess.run(collector: address) { shop in
        try await shop.offer("85123A")
        let customer = try await shop.customer("17850")
        let order = try await shop.order("85123A", 2, by: customer)
        #expect(try await shop.ending(of: order, by: customer) == "shipped")
        let way: Set = ["gateway", "orders", "payments", "inventory", "logistics"]
        try await eventually("a trace goes through \(way.sorted())") {
          collector.traces.contains { $0.isSuperset(of: way) }
        }
      }
    }
  }
}
