// The code of ResilienceFallback.md, compiled.

import Resilience

private struct Recommendations: Sendable {
  func list(for user: Int) async throws -> [String] { throw Unavailable() }
}

func fallbackPage() async throws -> [String] {
  let recommendations = Recommendations()
  let recommended = ServiceCall("recommendations") { (user: Int) in try await recommendations.list(for: user)
  }
  .timeout(.milliseconds(300))
  .coalesce(by: \.self)
  .fallback([])
  return try await recommended(1)
}
