// The code of ThreadSafetyAndCancellation.md, compiled.

import Resilience

actor Warehouse {
  private let breaker = CircuitBreaker("warehouse")
  private var shelves: [String: Int] = [:]

  func refresh(_ sku: String) async throws {
    try await breaker.run { shelves[sku] = try await inventory.stock(of: sku) }  // on this actor
  }
}
