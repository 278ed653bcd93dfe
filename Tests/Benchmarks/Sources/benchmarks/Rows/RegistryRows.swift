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

/// With the instant and the draw given.
@inline(__always)
func pickAndRelease(_ balancer: Balancer, _ count: Int) -> Int {
  let now = SystemClock.read()
  var picked = 0
  for number in 0..<count {
    guard let pick = balancer.pick(at: now, draw: UInt64(number) &* 0x9E37_79B9_7F4A_7C15) else { continue }
    picked &+= 1
    pick.release()
  }
  return picked
}

private let drawReason =
  "the target was counted with the draw given, as below; here it comes from the present call's randomness, and finding that takes "
  + "more than the pick"

/// How a balancer's cost grows with the instances: a pick, what comes after it, and what changes under it.
private func sizeRows(_ size: Int) -> [Row] {
  let instances = "\(spaced(size)) instances"
  return [
    .sync("balancer: pick and release, now and draw given, P2C, \(instances)") {
      let balancer = makeRegistry(instances: size).service("benchmark").balancer(.powerOfTwoChoices)
      return { count in pickAndRelease(balancer, count) }
    }
    .floor("floor: lock pair").target("P2C lease+release, any n", instructions: 90, allocations: 0),
    .call("balancer: first attempt succeeds, retry, \(instances)") { twice(size, failures: 0) },
    .call("balancer: second attempt succeeds, retry, \(instances)") { twice(size, failures: 1) }
      .growing(from: "balancer: second attempt succeeds, retry, 10 instances", atMost: 1.1),
    changeRow("balancer: health change and pick, \(instances)", size) { registry, member in
      registry.report(member.health == .unhealthy ? .healthy : .unhealthy, of: member)
    }
    .growing(from: "balancer: health change and pick, 10 instances", atMost: 2.5),
    changeRow("balancer: join, leave and a pick after each, \(instances)", size) { registry, _ in
      registry.register(ServiceInstance(id: "joiner", service: "benchmark"), ttl: .seconds(86_400))
    } undo: { registry in
      registry.deregister("joiner", of: "benchmark")
    }
    .growing(from: "balancer: join, leave and a pick after each, 10 instances", atMost: 2.5),
  ]
}

/// A balancer inside a retry; the first attempts fail by what they return, which costs nothing.
///
/// The inline face, so that no handlers are built for ten thousand instances while it is counted.
private func twice(_ size: Int, failures: Int) -> some Handler<Int, Int> {
  let balancer = makeRegistry(instances: size).service("benchmark").balancer(.powerOfTwoChoices)
  return ServiceCall("benchmark") { (_: Int, context: CallContext) in
    try await balancer.run(context) { _ in Int(context.attempt) }
  }
  .classify { result in
    if case .success(let attempt) = result, attempt <= failures { .failure } else { nil }
  }
  .retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
}

private func changeRow(
  _ name: String, _ size: Int, _ change: @escaping @Sendable (ServiceRegistry, ServiceMember) -> Void,
  undo: (@Sendable (ServiceRegistry) -> Void)? = nil
) -> Row {
  .sync(name) {
    let registry = makeRegistry(instances: size)
    let balancer = registry.service("benchmark").balancer(.powerOfTwoChoices)
    let now = SystemClock.read()
    balancer.pick(at: now, draw: 1)?.release()
    return { count in
      var picked = 0
      for _ in 0..<count {
        guard let member = registry.instances(of: "benchmark", at: now).members.first else { continue }
        change(registry, member)
        balancer.pick(at: now, draw: 1)?.release()
        undo?(registry)
        balancer.pick(at: now, draw: 1)?.release()
        picked &+= 1
      }
      return picked
    }
  }
  .counted(over: 100)
  .tolerating(0.1)
}

func registryRows() -> [Row] {
  let target = "P2C lease+release, any n"
  let beat = "balancer pick + call + release, P2C, 10 instances"
  return [
    pickRow("balancer: pick and release, P2C, 10 instances", .powerOfTwoChoices, instances: 10)
      .floor("floor: lock pair").target(target, instructions: 90, allocations: 0).because(drawReason),
    pickRow("balancer: pick and release, P2C, 1 000 instances", .powerOfTwoChoices, instances: 1000)
      .floor("floor: lock pair").target(target, instructions: 90, allocations: 0).because(drawReason),
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
    pickRow("balancer: pick and release, peak EWMA, 10 instances", .peakEWMA, instances: 10)
      .floor("floor: lock pair"),
  ] + [10, 100, 10_000].flatMap(sizeRows)
}
