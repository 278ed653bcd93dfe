import Resilience

// A client that is an actor keeps its breaker as a property. `run` stays on the actor, so the closure may use
// the actor's own state.

struct DatabaseDown: Error {}

actor DatabaseClient {
  private let breaker: CircuitBreaker
  private var rows = 0
  private(set) var queriesSent = 0
  var isDown = false

  init(say: @escaping Say) {
    breaker = CircuitBreaker(
      "database",
      policy: CircuitBreakerPolicy(consecutiveFailures: 3, openTime: .milliseconds(100))
    ) { event in
      if event.name != "circuit_breaker.rejected" { say(event.name) }
    }
  }

  func insert() async throws -> Int {
    try await breaker.run {
      queriesSent += 1
      if isDown { throw DatabaseDown() }
      rows += 1
      return rows
    }
  }

  func setDown(_ isDown: Bool) { self.isDown = isDown }
}

func breakerInAnActor(say: @escaping Say) async throws {
  let client = DatabaseClient(say: say)
  say("rows: \(try await client.insert())")

  await client.setDown(true)
  var refused = 0
  for _ in 1...10 {
    do {
      _ = try await client.insert()
    } catch is CircuitOpen {
      refused += 1  // at once, and the database had no work with it
    } catch is DatabaseDown {}
  }
  say("ten calls while it is down: \(await client.queriesSent - 1) were sent, \(refused) were refused")

  await client.setDown(false)
  try await CallContext.current.clock.sleep(for: .milliseconds(150))
  say("rows: \(try await client.insert())")
}
