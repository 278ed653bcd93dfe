import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct HealthMonitorTests {
  private struct Down: Error {}

  /// No jitter: checks of an instance start at 0, 10, 20 … seconds after it was seen.
  private let policy = HealthCheckPolicy(
    interval: .seconds(10), timeout: .seconds(1), rise: 2, fall: 3, jitter: 0)

  private func health(_ registry: ServiceRegistry) -> [HealthStatus] {
    registry.instances(of: "inventory").members.map(\.health)
  }

  private func monitoring(
    _ monitor: HealthMonitor<some Handler<ServiceInstance, Void>>, _ body: @Sendable () async throws -> Void
  ) async rethrows {
    let running = Task.immediate(executorPreference: CallContext.current.executor) { try await monitor.run() }
    try await body()
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
  }

  @Test func statusesFollowTheChecksByTheThresholds() throws {
    let policy = policy
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { instance in
        if instance.id == "b", sim.now < seconds(35) { throw Down() }
      }
      try await monitoring(monitor) {
        try await sim.sleep(for: .seconds(5))
        #expect(health(registry) == [.unknown, .unknown])
        try await sim.sleep(for: .seconds(10))
        #expect(health(registry) == [.healthy, .unknown])
        try await sim.sleep(for: .seconds(10))
        #expect(health(registry) == [.healthy, .unhealthy])
        try await sim.sleep(for: .seconds(20))
        #expect(health(registry) == [.healthy, .unhealthy])
        try await sim.sleep(for: .seconds(10))
        #expect(health(registry) == [.healthy, .healthy])
      }
      #expect(health(registry) == [.unknown, .unknown])
    }
  }

  @Test func aHungCheckFailsItselfAndHoldsUpNobody() throws {
    let policy = policy
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "hung", "slow")
      let started = Log<String>()
      let released = CallContext.current.executor
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { instance in
        started.append(instance.id)
        if instance.id == "slow" { try await sim.sleep(for: .seconds(2)) }
        if instance.id == "hung" {
          // Heeds no cancellation.
          let deaf = Task.immediate(executorPreference: released) { try await sim.sleep(for: .seconds(95)) }
          try await deaf.value
        }
      }
      try await monitoring(monitor) {
        try await sim.sleep(for: .seconds(20) + .milliseconds(999))
        #expect(health(registry) == [.healthy, .unhealthy, .unknown])
        try await sim.sleep(for: .milliseconds(2))
        #expect(health(registry) == [.healthy, .unhealthy, .unhealthy])
        try await sim.sleep(for: .seconds(68))
        #expect(started.entries.count { $0 == "hung" } == 1)
        #expect(started.entries.count { $0 == "a" } == 9)
      }
      #expect(sim.now == seconds(95))
    }
  }

  @Test func instancesThatComeAndGoAreFollowed() throws {
    let policy = policy
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      let checked = Log<String>()
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { instance in
        checked.append("\(sim.now.nanoseconds / 1_000_000_000) \(instance.id)")
      }
      try await monitoring(monitor) {
        try await sim.sleep(for: .seconds(1))
        let lease = registry.register(instance("a"))
        try await sim.sleep(for: .seconds(15))
        lease.deregister()
        registry.register(instance("b"))
        try await sim.sleep(for: .seconds(15))
      }
      #expect(checked.entries == ["1 a", "11 a", "16 b", "26 b"])
    }
  }

  @Test func aValueThatIsClassifiedAsAFailureFailsTheCheck() throws {
    let policy = policy
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a")
      let status = ServiceCall("health") { (_: ServiceInstance) in 503 }
        .classify { result in (try? result.get()).map { $0 < 500 ? .success : .failure } }
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy, check: status)
      await withThrowingTaskGroup { group in
        group.addTask { try await monitor.run() }
        try? await sim.sleep(for: .seconds(25))
        #expect(health(registry) == [.unhealthy])
        group.cancelAll()
      }
    }
  }

  private struct Refused: Rejection { var retryAt: Instant? }

  /// A breaker or a bucket around the check refused: nobody asked the instance.
  @Test func aRefusalOfALayerAroundTheCheckSaysNothingAboutTheInstance() throws {
    let policy = policy
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { instance in
        // Checks at 0, 10, 20 … seconds. "a" was healthy before, "b" has failed twice.
        if sim.now >= seconds(20), sim.now < seconds(200) { throw Refused() }
        if instance.id == "b" { throw Down() }
      }
      try await monitoring(monitor) {
        try await sim.sleep(for: .seconds(15))
        #expect(health(registry) == [.healthy, .unknown])
        try await sim.sleep(for: .seconds(180))
        #expect(health(registry) == [.healthy, .unknown])
        // The third failure in a row: a refusal does not end the row either.
        try await sim.sleep(for: .seconds(10))
        #expect(health(registry) == [.healthy, .unhealthy])
      }
    }
  }

  @Test(arguments: [Outcome.success, .failure, .neutral])
  func whatTheCheckClassifiesCountsForErrorsAsForValues(outcome: Outcome) throws {
    let policy = policy
    for throwing in [false, true] {
      try Simulation(seed: 2).run { sim in
        let registry = ServiceRegistry()
        registry.register(ids: "a")
        let check = ServiceCall("health") { (_: ServiceInstance) in if throwing { throw Down() } }
          .classify { _ in outcome }
        try await monitoring(HealthMonitor(registry, service: "inventory", policy: policy, check: check)) {
          try await sim.sleep(for: .seconds(95))
          let expected: [Outcome: HealthStatus] = [.success: .healthy, .failure: .unhealthy]
          #expect(health(registry) == [expected[outcome] ?? .unknown])
        }
      }
    }
  }

  /// A check that makes nothing of the monitor's own cancellation has taken too long: a failure, whatever it
  /// throws.
  @Test func aCheckThatIsCancelledAtItsTimeoutHasFailed() throws {
    let policy = policy
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a")
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { _ in
        do { try await sim.sleep(for: .seconds(5)) } catch { throw Refused() }
      }
      try await monitoring(monitor) {
        try await sim.sleep(for: .seconds(25))
        #expect(health(registry) == [.unhealthy])
      }
    }
  }

  @Test func jitterOnlyEverShortensTheInterval() throws {
    try Simulation(seed: 2).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a")
      let starts = Log<Int64>()
      let policy = HealthCheckPolicy(interval: .seconds(10), jitter: 0.2)
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { _ in
        starts.append(sim.now.nanoseconds)
      }
      try await monitoring(monitor) { try await sim.sleep(for: .seconds(1000)) }
      let gaps = zip(starts.entries, starts.entries.dropFirst()).map { $1 - $0 }
      #expect((0...2_000_000_000).contains(starts.entries[0]))
      #expect(gaps.allSatisfy { (8_000_000_000...10_000_000_000).contains($0) })
      #expect(Set(gaps).count > 50)
    }
  }

  @Test func row52_theFirstInstanceThatRecoversGetsTheTrafficWithinOneInterval() throws {
    try Simulation(seed: 2).run { sim in
      let events = EventRecorder()
      let registry = ServiceRegistry { events.record($0) }
      registry.register(ids: "a", "b", "c")
      let policy = HealthCheckPolicy(interval: .seconds(10), rise: 1, fall: 1, jitter: 0.2)
      let isUp: @Sendable (ServiceInstance) -> Bool = { $0.id == "b" && sim.now >= seconds(40) }
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) {
        if !isUp($0) { throw Down() }
      }
      let balancer = registry.service("inventory").balancer()
      try await monitoring(monitor) {
        try await sim.sleep(for: .seconds(30))
        #expect(health(registry) == [.unhealthy, .unhealthy, .unhealthy])
        var tried: Set<String> = []
        for _ in 0..<50 { tried.insert(try await balancer.run { $0.id }) }
        #expect(tried == ["a", "b", "c"])
        #expect(events.events.last?.name == "registry.panic_began")
        #expect(balancer.snapshot().isPanicking)

        try await sim.sleep(for: .seconds(20))
        for _ in 0..<50 { #expect(try await balancer.run { $0.id } == "b") }
        #expect(events.events.last?.name == "registry.panic_ended")
      }
    }
  }
}
