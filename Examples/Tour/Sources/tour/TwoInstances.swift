import Resilience

// Two servers register themselves for as long as they run. A client asks the registry, takes turns, and
// leaves out the one that fails.

struct Refused: Error {}

func twoInstances(say: @escaping Say) async throws {
  let registry = ServiceRegistry()
  let dead = LivePolicy<Set<String>>([])

  let policy = BalancingPolicy(.roundRobin, outliers: OutlierPolicy(consecutiveFailures: 3))
  let stock = registry.service("inventory").balanced(
    policy, onEvent: { event in if event.name != "balancer.picked" { say("\(event)") } }
  ) { instance in
    ServiceCall("stock") { (item: String) in
      if dead.current.contains(instance.id) { throw Refused() }
      return "\(item): 7, says \(instance.id)"
    }
  }
  .retry(RetryPolicy(maxAttempts: 2, backoff: .none))

  let (first, second) = (
    ServiceInstance(id: "inventory-1", service: "inventory", address: "10.0.0.1:8080"),
    ServiceInstance(id: "inventory-2", service: "inventory", address: "10.0.0.2:8080")
  )
  try await registry.withLease(first) {
    try await registry.withLease(second) {
      for item in ["apples", "pears"] { say(try await stock(item)) }
      dead.update(["inventory-1"])
      say("inventory-1 dies")
      var answers: Set<String> = []
      for _ in 1...20 { answers.insert(try await stock("apples")) }
      say("twenty calls: \(answers.sorted())")
    }
    say("inventory-2 has left: \(registry.snapshot().services.map(\.instances)) instance is listed")
  }
}
