import AsyncHTTPClient
import Foundation
import Testing

@testable import storefront

@Suite struct ComparisonTests {
  @Test func theReportSharesOutWhatWasMeasured() {
    var report = ComparisonReport()
    report.add(
      .cart, [(measurement(perSecond: 200, carts: 2), measurement(perSecond: 100, carts: 4, failures: 3))])
    #expect(
      report.text == """
        | request | bare: a second; p50; p99 | with: a second; p50; p99 | share, of the pairs | processor time of a request |
        |---|---|---|---|---|
        | `GET /carts/{customer}` | 200; 101.0 ms; 199.0 ms | 100; 51.0 ms; 100.0 ms; 3 failed | 50 % (50 % to 50 %) | 10000 µs, 40000 µs |

        | where the processor time of a request goes, bare and with | carts |
        |---|---|
        | `GET /carts/{customer}` | 10000 µs, 40000 µs |
        """)
  }

  private func measurement(perSecond: Int, carts: Int, failures: Int = 0) -> ComparedShop.Measurement {
    ComparedShop.Measurement(
      elapsed: .seconds(1), latencies: (1...perSecond).map { .milliseconds($0) }, failures: failures,
      processorTime: ["carts": .seconds(carts), "users": .zero])
  }

  @Test(arguments: [true, false]) func onlyTheShopThatIsBareCallsWithoutPatterns(isBare: Bool) async throws {
    try await ShopInProcess.run(isBare: isBare) { shop in
      let customer = try await shop.customer("17850")
      #expect(try await customer.get("/carts/17850").status == 200)
      #expect(try await shop.shop.get("/carts/17850").status == 401)
      let metrics = try await shop.metrics(of: Gateway.name)
      #expect(metrics.contains("circuit_breaker") == !isBare)
      let line = #"rate_limiter_acquired_permits_total{limiter="customers"} "#
      #expect(metrics.contains(line))
      #expect(metrics.contains(line + "0\n") == isBare)
    }
  }
}
