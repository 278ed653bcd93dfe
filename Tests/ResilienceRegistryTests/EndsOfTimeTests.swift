import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

/// Instants, durations and counts from both ends of their ranges, in any order: nothing traps, and nothing
/// goes on for ever.
@Suite struct EndsOfTimeTests {
  @Test func row73_aLeaseIsListedUntilItEndsAtAnyInstant() {
    for seed in 0..<2000 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let registry = ServiceRegistry()
      let balancer = registry.service("inventory").balancer(.roundRobin)
      var now = Instant(nanoseconds: .min)
      var leases: [(lease: Lease, until: Instant)] = []
      for number in 0..<12 {
        now = max(now, extremes.instant())
        switch extremes.choice(of: 4) {
        case 0 where !leases.isEmpty:
          let index = extremes.choice(of: leases.count)
          let isHeld = leases[index].until > now
          switch leases[index].lease.renew(at: now) {
          case .renewed(let until):
            #expect(isHeld && until >= now, "seed \(seed)")
            leases[index].until = until
          case .lost: #expect(!isHeld, "seed \(seed)")
          case .superseded: Issue.record("seed \(seed): superseded by nobody")
          }
        case 1 where !leases.isEmpty:
          let index = extremes.choice(of: leases.count)
          #expect(leases[index].lease.deregister(at: now) == (leases[index].until > now), "seed \(seed)")
          leases[index].until = Instant(nanoseconds: .min)
        default:
          let lease = registry.register(instance("\(number)"), ttl: extremes.duration(), at: now)
          leases.append((lease, lease.firstExpiry))
        }
        let listed = Set(leases.filter { $0.until > now }.map(\.lease.instance.id))
        #expect(Set(registry.instances(of: "inventory", at: now).ids) == listed, "seed \(seed)")
        if let pick = balancer.pick(at: now, draw: UInt64(bitPattern: extremes.int64())) {
          #expect(listed.contains(pick.instance.id), "seed \(seed)")
        } else {
          #expect(listed.isEmpty, "seed \(seed)")
        }
      }
    }
  }

  /// Threads read the clock in another order than they come.
  @Test func row73_instantsInAnyOrderTrapNothing() {
    for seed in 0..<2000 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let registry = ServiceRegistry()
      let balancer = registry.service("inventory").balancer()
      for number in 0..<8 {
        let lease = registry.register(
          instance("\(number % 3)"), ttl: extremes.duration(), at: extremes.instant())
        lease.renew(at: extremes.instant())
        for member in registry.instances(of: "inventory", at: extremes.instant()).members {
          registry.report(extremes.choice(of: 2) == 0 ? .healthy : .unhealthy, of: member)
        }
        do {
          let first = balancer.pick(at: extremes.instant())
          _ = balancer.pick(at: extremes.instant(), draw: .max)
          first?.release()
        }
        if extremes.choice(of: 2) == 0 { lease.deregister(at: extremes.instant()) }
      }
      #expect(balancer.snapshot().instances.allSatisfy { $0.inFlight == 0 }, "seed \(seed)")
    }
  }

  @Test(arguments: [Int64.min, -1, 0, .max - 1, .max])
  func row73_aHeartbeatEndsWithTheTime(now: Int64) async throws {
    let clock = ManualClock(now: Instant(nanoseconds: now))
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      for ttl in [Duration.nanoseconds(1), .seconds(1), .nanoseconds(Int64.max), Duration(attoseconds: .max)]
      {
        let registry = ServiceRegistry()
        let ids = try await registry.withLease(instance("a"), ttl: ttl) {
          registry.instances(of: "inventory").ids
        }
        // At the last instant there is every lease has ended.
        #expect(ids == (now == .max ? [] : ["a"]))
        #expect(registry.instances(of: "inventory").ids == [])
      }
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test func row73_watchesSweepsAndChecksGoOnToTheEndOfTime() throws {
    var runs = 0
    for seed in 0..<200 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let interval = extremes.positiveDuration()
      let policy = HealthCheckPolicy(
        interval: interval, timeout: extremes.positiveDuration(),
        rise: extremes.choice(of: 2) == 0 ? 1 : .max,
        fall: .max, jitter: Double(extremes.choice(of: 3)) / 2)
      let ended = try untilTheEndOfTime(seed: seed, stepLimit: 20_000) { sim in
        let registry = ServiceRegistry()
        if extremes.choice(of: 2) == 0 { try await sim.sleep(for: extremes.duration()) }
        let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { _ in
          if extremes.choice(of: 2) == 0 { try await sim.sleep(for: .nanoseconds(3)) }
        }
        await withTaskGroup { group in
          group.addTask { try? await monitor.run() }
          group.addTask { try? await registry.run() }
          group.addTask { for await snapshot in registry.watch("inventory") { _ = snapshot.isPanicking } }
          for number in 0..<4 {
            registry.register(instance("\(number)"), ttl: extremes.duration())
            // Three rounds of checks, and not more: there are as many nanoseconds as one waits.
            for _ in 0..<3 { try? await sim.advance(by: interval) }
          }
          group.cancelAll()
        }
      }
      if ended { runs += 1 }
    }
    #expect(runs > 100, "\(runs) runs came to their own end")
  }

  @Test func row73_thresholdsOfAnySizeCount() {
    for threshold in [1, 2, Int.max] {
      var machine = HealthStateMachine(rise: threshold, fall: threshold)
      let changes = (0..<6).map { machine.record(succeeded: $0 < 3) }.compactMap { $0 }
      #expect(changes == (threshold < 4 ? [.healthy, .unhealthy] : []))
    }
  }
}
