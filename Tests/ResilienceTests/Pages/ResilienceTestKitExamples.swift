// The code of ResilienceTestKit.md, compiled.

import Resilience
import ResilienceTestKit

func testKitPage() throws -> Instant {
  let waited = try Simulation(seed: 7).run { simulation in
    let flaky = ServiceCall("flaky") { (_: Void) in throw Unavailable() }
      .retry(RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(60), jitter: .none)))
    try? await flaky()
    return simulation.now  // two minutes later
  }
  return waited
}
