import Resilience
import ResilienceTestKit

// An hour of a service under a destination that is down for ten minutes, in no time and from one seed. Then
// the same for a hundred seeds, looking for one in which a promise is broken.

func simulateAService(say: @escaping Say) async throws {
  @Sendable func hour(_ sim: Simulation) async throws -> (answered: Int, attempts: Int) {
    let attempts = AttemptCount()
    let call = ServiceCall("quotes") { (_: Int) in
      _ = await attempts.next()
      let minute = sim.now.nanoseconds / 60_000_000_000
      if (20..<30).contains(minute) { throw Refused() }
      return "ok"
    }
    .circuitBreaker(CircuitBreaker("quotes"))
    .retry()

    var answered = 0
    for second in 0..<3600 {
      if (try? await call(second)) != nil { answered += 1 }
      try await sim.sleep(for: .seconds(1))
    }
    return (answered, await attempts.count)
  }

  let result = try Simulation(seed: 1).run { sim in try await hour(sim) }
  say("answered: \(result.answered) of 3600, with \(result.attempts) attempts")

  let explored = try Simulation.explore(seeds: 0..<20) { sim in
    let (answered, attempts) = try await hour(sim)
    try sim.require(answered >= 2900, "only \(answered) were answered")
    try sim.require(attempts <= 3700, "\(attempts) attempts are a storm")
  }
  say("\(explored.runs) seeds keep the promise")
}
