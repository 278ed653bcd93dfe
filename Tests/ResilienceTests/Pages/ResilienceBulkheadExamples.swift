// The code of ResilienceBulkhead.md, compiled.

import Resilience

func bulkheadPage() async throws -> Int {
  let bulkhead = Bulkhead("inventory", limit: .fixed(20))

  let stock = ServiceCall("inventory") { (sku: String) in try await inventory.stock(of: sku) }
    .bulkhead(bulkhead)
  return try await stock("mug")
}
