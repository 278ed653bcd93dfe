import Resilience
import ResilienceRedis

// The code of the page, compiled; a test of the root compares the texts. Nothing here is run.

private struct Order: Sendable {}

private struct PaymentClient: Sendable {
  func pay(_ order: Order) async throws {}
}

private func limitsPage(_ client: PaymentClient, _ order: Order) async throws {
  let redis = RedisClient(host: "127.0.0.1", port: 6379)
  let limiter = SharedRateLimiter("payment", limit: .perSecond(500), on: redis, processes: 4)

  try await limiter.run(mode: .wait) { try await client.pay(order) }
  let pay = ServiceCall { (order: Order) in try await client.pay(order) }.rateLimit(limiter)
  try await pay(order)
}
