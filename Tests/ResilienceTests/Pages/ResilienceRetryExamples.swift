// The code of ResilienceRetry.md, compiled.

import Resilience

func retryPage() async throws -> Int {
  let stock = ServiceCall("inventory") { (sku: String) in try await inventory.stock(of: sku) }
    .retry(RetryPolicy(maxAttempts: 4, backoff: .exponential(base: .milliseconds(20))))
  return try await stock("mug")
}
