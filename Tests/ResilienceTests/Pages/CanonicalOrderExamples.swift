// The code of CanonicalOrder.md, compiled.

import Resilience

private struct Quotes: Sendable {
  func latest(_ symbol: String) async throws -> Int { symbol.count }
}

func canonicalOrderPage() async throws -> Int {
  let (quotes, cache) = (Quotes(), Quotes())
  let (breaker, budget, bulkhead) = (
    CircuitBreaker("quotes"), RetryBudget("quotes"), Bulkhead("quotes", limit: 20)
  )
  let quota = QuotaLimiter("quotes", quotas: [.perSecond(10)])

  let cached = ServiceCall("quote cache") { (symbol: String) in try await cache.latest(symbol) }
    .timeout(.milliseconds(200))  // a fallback stands outside the deadline

  let quote = ServiceCall("quotes") { (symbol: String) in try await quotes.latest(symbol) }
    .timeout(.milliseconds(500))
    .rateLimit(quota)  // the provider counts attempts
    .circuitBreaker(breaker)
    .retry(budget: budget)
    .bulkhead(bulkhead)  // you count calls
    .deadline(.seconds(2))
    .fallback { symbol, _ in try await cached(symbol) }

  print(quote)
  return try await quote("A")
}
