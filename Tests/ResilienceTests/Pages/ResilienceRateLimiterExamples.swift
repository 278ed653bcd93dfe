// The code of ResilienceRateLimiter.md, compiled.

import Resilience

private struct Mail: Sendable {}

private struct Mailer: Sendable {
  func send(_ mail: Mail) async throws {}
}

func rateLimiterPage() async throws {
  let mailer = Mailer()
  let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 3))

  let send = ServiceCall("mail") { (mail: Mail) in try await mailer.send(mail) }
    .rateLimit(bucket, mode: .wait)
  try await send(Mail())
}
