internal import ResilienceCore
internal import Synchronization

/// One run of a monitor: follows each registration from its first check to its last.
final class HealthCheckRound<Check: Handler>: Sendable where Check.Input == ServiceInstance {
  let source: HealthSource
  /// How many instances there are.
  let count = Atomic(0)

  private let registry: ServiceRegistry
  private let policy: HealthCheckPolicy
  private let check: Check
  private let falls: Lock<FallLimiter>

  init(_ registry: ServiceRegistry, _ policy: HealthCheckPolicy, _ check: Check, source: HealthSource) {
    self.registry = registry
    self.policy = policy
    self.check = check
    self.source = source
    falls = Lock(FallLimiter(maxShare: policy.maxFallShare, interval: policy.interval))
  }

  /// Checks one registration until it is gone.
  func follow(_ member: ServiceMember) async {
    let clock = CallContext.current.clock
    var health = FollowedHealth(
      policy, of: member, isInitial: registry.awaitsCheck(member), since: clock.now)
    var probe: HealthProbe?
    var next = clock.now.advanced(byNanoseconds: earlyNanoseconds())
    while (try? await clock.sleep(until: next)) != nil, registry.isListed(member) {
      let start = clock.now
      // Less than a nanosecond is none, and the checks would go on at one instant for ever.
      next = start.advanced(byNanoseconds: max(1, policy.interval.clampedNanoseconds - earlyNanoseconds()))
      var verdict = Verdict.failure
      if probe?.isRunning != true {
        let deadline = start.advanced(by: policy.timeout)
        let current = HealthProbe.start(check, of: member.instance, deadline: deadline)
        probe = current
        guard let result = await current.result(until: deadline, on: clock) else { break }
        verdict = result
        current.cancel()
      }
      health.record(verdict, at: clock.now, mayFall: mayFall(at: clock.now))
      if let status = health.confirmed, !registry.report(status, of: member, from: source) { break }
    }
    await probe?.finish()
    registry.report(.unknown, of: member, from: source)
  }

  private func mayFall(at now: Instant) -> Bool {
    let instances = count.load(ordering: .relaxed)
    return falls.withLock { $0.admit(of: instances, at: now) }
  }

  private func earlyNanoseconds() -> Int64 {
    Int64(
      Double(policy.interval.clampedNanoseconds) * policy.jitter * CallContext.current.random().unitInterval)
  }
}
