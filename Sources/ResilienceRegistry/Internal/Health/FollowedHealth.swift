internal import ResilienceCore

/// What the checks of one registration have come to: thresholds, grace at the start, and damping.
struct FollowedHealth {
  private var machine: HealthStateMachine
  private var damper: FlapDamper
  private let graceEnd: Instant
  private var hasPassed = false

  init(_ policy: HealthCheckPolicy, of member: ServiceMember, isInitial: Bool, since now: Instant) {
    machine = HealthStateMachine(
      rise: policy.rise, fall: policy.fall, status: member.health, isInitial: isInitial)
    damper = FlapDamper(window: policy.flapWindow)
    graceEnd = now.advanced(by: policy.startupGrace)
  }

  /// The status, once the checks themselves have said so.
  var confirmed: HealthStatus? { machine.isConfirmed ? machine.status : nil }

  /// - Parameter mayFall: Asked only when the instance would become unhealthy.
  mutating func record(_ verdict: Verdict, at now: Instant, mayFall: @autoclosure () -> Bool = true) {
    switch verdict {
    case .neutral:
      break
    case .success:
      hasPassed = true
      _ = machine.record(succeeded: true, riseFactor: damper.riseFactor(at: now))
    case .failure:
      guard hasPassed || now >= graceEnd else { return }
      if machine.record(succeeded: false, mayFall: mayFall()) == .unhealthy { damper.noteFall(at: now) }
    }
  }
}
