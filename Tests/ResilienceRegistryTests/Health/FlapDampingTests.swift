import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct FlapDampingTests {
  @Test func eachFurtherFallWithinTheWindowDoublesTheWayBack() {
    var damper = FlapDamper(window: .seconds(300))
    var factors: [Int] = []
    for second in 0..<6 as Range<Int64> {
      damper.noteFall(at: seconds(second * 10))
      factors.append(damper.riseFactor(at: seconds(second * 10)))
    }
    #expect(factors == [1, 2, 4, 8, 8, 8])
    // The four that are remembered end one after the other.
    let later = [319, 320, 330, 340, 350].map { damper.riseFactor(at: seconds($0)) }
    #expect(later == [8, 4, 2, 1, 1])
  }

  /// An instance that passes twice and fails three times, for ever, from every initial status.
  @Test(arguments: [HealthStatus.unknown, .healthy, .unhealthy])
  func row48_anInstanceThatFlapsFallsRarely(status: HealthStatus) {
    func falls(_ window: Duration) -> Int {
      let policy = HealthCheckPolicy(interval: .seconds(10), rise: 2, fall: 3, flapWindow: window)
      let member = ServiceMember(instance: instance("a"), epoch: 1, health: status)
      var health = FollowedHealth(policy, of: member, isInitial: false, since: seconds(0))
      var (falls, before) = (0, HealthStatus?.none)
      for check in 0..<1000 as Range<Int64> {
        health.record(check % 5 < 2 ? .success : .failure, at: seconds(check * 10))
        if health.confirmed == .unhealthy, before != .unhealthy { falls += 1 }
        before = health.confirmed
      }
      return falls
    }
    #expect(falls(.zero) == 200)
    // Two falls in each five minutes: the second one needs four successes in a row to be followed by a third.
    #expect(falls(.seconds(300)) <= 2 * 34)
    #expect(falls(.seconds(300)) >= 1)
  }

  @Test func row48_notMoreThanTheShareFallsWithinAnInterval() {
    var limiter = FallLimiter(maxShare: 0.25, interval: .seconds(10))
    let admitted = (0..<10).map { _ in limiter.admit(of: 12, at: seconds(5)) }
    #expect(admitted.count { $0 } == 3)
    let (atTheEnd, after) = (
      limiter.admit(of: 12, at: Instant(nanoseconds: 14_999_999_999)), limiter.admit(of: 12, at: seconds(15))
    )
    #expect(!atTheEnd && after)
    // One always may.
    var strict = FallLimiter(maxShare: 0, interval: .seconds(10))
    let strictly = [0, 1, 2, 10].map { strict.admit(of: 12, at: seconds($0)) }
    #expect(strictly == [true, false, false, true])
  }

  /// The checker's own network is gone for two minutes: with the limiter a part of the instances stays in.
  @Test func row48_aCheckerWithoutANetworkTakesThemOutOnlyStepByStep() throws {
    struct Down: Error {}
    try Simulation(seed: 3).run { sim in
      let registry = ServiceRegistry()
      for number in 0..<20 { registry.register(ids: "\(number)") }
      let policy = HealthCheckPolicy(
        interval: .seconds(10), rise: 1, fall: 1, jitter: 0, maxFallShare: 0.2)
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { _ in
        if sim.now >= seconds(100), sim.now < seconds(130) { throw Down() }
      }
      await withThrowingTaskGroup { group in
        group.addTask { try await monitor.run() }
        var unhealthy: [Int] = []
        // Between the checks.
        try? await sim.sleep(for: .seconds(5))
        for _ in 0..<16 {
          try? await sim.sleep(for: .seconds(10))
          unhealthy.append(registry.instances(of: "inventory").members.count { $0.health == .unhealthy })
        }
        #expect(unhealthy.filter { $0 > 0 } == [4, 8, 12])
        #expect(unhealthy.last == 0)
        group.cancelAll()
      }
    }
  }

  @Test func failuresWithinTheGraceDoNotCountUntilACheckHasPassed() {
    let policy = HealthCheckPolicy(rise: 1, fall: 1, startupGrace: .seconds(60))
    let member = ServiceMember(instance: instance("a"), epoch: 1, health: .unknown)
    var slow = FollowedHealth(policy, of: member, isInitial: true, since: seconds(0))
    slow.record(.failure, at: Instant(nanoseconds: 59_999_999_999))
    #expect(slow.confirmed == nil)
    slow.record(.failure, at: seconds(60))
    #expect(slow.confirmed == .unhealthy)
    var quick = FollowedHealth(policy, of: member, isInitial: true, since: seconds(0))
    quick.record(.success, at: seconds(10))
    quick.record(.failure, at: seconds(20))
    #expect(quick.confirmed == .unhealthy)
  }
}
