internal import ResilienceCore

/// Decides whether leases that run out are believed: counts them in two windows, the present one and the one
/// before.
struct LapseCounter {
  let policy: SelfPreservation?

  private var windowStart: Instant?
  private var current = 0
  private var previous = 0

  init(_ policy: SelfPreservation?) {
    self.policy = policy
  }

  /// - Parameters:
  ///   - lapsing: How many leases have just run out.
  ///   - leased: How many were held until then, these included.
  /// - Returns: When the instances are dropped after all, if they are to be kept until then; `nil` to drop
  ///   them now.
  mutating func keep(_ lapsing: Int, of leased: Int, at now: Instant) -> Instant? {
    guard let policy, lapsing > 0 else { return nil }
    advance(to: now, policy.window.clampedNanoseconds)
    let before = previous + current
    current += lapsing
    let expected = leased + before
    guard expected >= policy.minInstances,
      Double(before + lapsing) > policy.maxLapsedShare * Double(expected)
    else { return nil }
    return now.advanced(by: policy.duration)
  }

  private mutating func advance(to now: Instant, _ window: Int64) {
    let passed = windowStart.map { $0.nanoseconds(to: now) } ?? .max
    guard passed >= window else { return }
    previous = passed / 2 >= window ? 0 : current
    current = 0
    windowStart = now
  }
}
