import Resilience

/// A registry with so many instances of the service "benchmark".
func makeRegistry(instances: Int) -> ServiceRegistry {
  let registry = ServiceRegistry()
  for index in 0..<instances {
    _ = registry.register(
      ServiceInstance(id: "instance-\(index)", service: "benchmark"), ttl: .seconds(86_400))
  }
  return registry
}

func pickRow(_ name: String, _ strategy: BalancingStrategy, instances: Int) -> Row {
  .sync(name) {
    let registry = makeRegistry(instances: instances)
    let balancer = registry.service("benchmark").balancer(strategy)
    let now = SystemClock.read()
    return { count in
      var picked = 0
      for _ in 0..<count {
        guard let pick = balancer.pick(at: now) else { continue }
        picked &+= 1
        pick.release()
      }
      return picked
    }
  }
}

func registryRows() -> [Row] {
  let target = "P2C lease+release, any n"
  let reason =
    "the plan's floor is flat atomics; here a lease also finds out whether the listing is current, remembers for retries "
    + "where the call has been, and draws from the ambient randomness"
  let beat = "balancer pick + call + release, P2C, 10 instances"
  return [
    pickRow("balancer: pick and release, P2C, 10 instances", .powerOfTwoChoices, instances: 10)
      .floor("floor: lock pair").target(target, instructions: 90, allocations: 0).because(reason),
    pickRow("balancer: pick and release, P2C, 1 000 instances", .powerOfTwoChoices, instances: 1000)
      .floor("floor: lock pair").target(target, instructions: 90, allocations: 0).because(reason),
    pickRow("balancer: pick and release, round robin, 10 instances", .roundRobin, instances: 10)
      .floor("floor: lock pair"),
    .call("balancer: call, P2C, 10 instances") {
      makeRegistry(instances: 10).service("benchmark").balanced(.powerOfTwoChoices) { _ in makeCall() }
    }
    .floor("call")
    .beat(beat, "tower 195 ns / 1 alloc; peak EWMA 503"),
    .call("balancer: call, P2C, 1 000 instances") {
      makeRegistry(instances: 1000).service("benchmark").balanced(.powerOfTwoChoices) { _ in makeCall() }
    }
    .counted(over: 20_000)
    .floor("call")
    .beat(beat, "Finagle 1 692 ns at 1 000 (published)"),
  ]
}
