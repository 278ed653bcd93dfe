internal import ResilienceCore
internal import Synchronization

/// At most so many samples in a second: the generic cell rate algorithm, in one atomic word.
final class SampleLimiter: Sendable {
  private let interval: Int64
  private let tolerance: Int64
  /// When the bucket is full again.
  private let full = Atomic<Int64>(.min)

  init(perSecond: Double, burst: Int?) {
    precondition(
      perSecond > 0 && perSecond <= 1_000_000_000,
      "a sampling rate must be more than 0 and at most 1000000000 per second, was \(perSecond)")
    let burst = burst ?? max(1, Int(perSecond))
    precondition(
      (1...1_000_000_000).contains(burst),
      "the burst of a sampling rate must be from 1 to 1000000000, was \(burst)")
    // A burst that takes more than the clock's 292 years to come back comes back in so many.
    let longest = Int64.max / (Int64(burst) + 2)
    interval = min(Int64(exactly: (1_000_000_000 / perSecond).rounded()) ?? .max, longest)
    tolerance = interval.multiplyingSaturating(Int64(burst))
  }

  func admits(at now: Instant) -> Bool {
    var before = full.load(ordering: .relaxed)
    while true {
      let after = max(before, now.nanoseconds).addingSaturating(interval)
      guard after.subtractingSaturating(now.nanoseconds) <= tolerance else { return false }
      let (isExchanged, found) = full.weakCompareExchange(
        expected: before, desired: after, ordering: .relaxed)
      if isExchanged { return true }
      before = found
    }
  }
}

extension SampleLimiter: Hashable {
  static func == (lhs: SampleLimiter, rhs: SampleLimiter) -> Bool { lhs === rhs }

  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
