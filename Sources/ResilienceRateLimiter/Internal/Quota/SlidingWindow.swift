internal import ResilienceCore

/// How many permits were taken in the last period, counted in 64 steps of it.
///
/// A permit counts from the beginning of its step until the step lies more than the period in the past. So it
/// is never forgotten too early, and at most one step, a 64th of the period, too late. A timestamp from the
/// past counts as the latest known.
struct SlidingWindow: Sendable {
  private static let stepsPerPeriod: Int64 = 64
  /// A power of two that holds a period's steps and the present one.
  private static let slotCount: Int64 = 128

  var permits: Int
  let periodNanoseconds: Int64
  private let stepNanoseconds: Int64
  /// Steps that can lie between two instants less than a period apart.
  private let reach: Int64
  private var taken = [Int](repeating: 0, count: Int(slotCount))
  private var step: Int64 = 0
  private var stepEnds = Int64.min
  private(set) var used = 0

  init(_ quota: Quota) {
    let period = quota.period.clampedNanoseconds
    permits = quota.permits
    periodNanoseconds = period
    stepNanoseconds = (period - 1) / Self.stepsPerPeriod + 1
    // Nanoseconds are whole: two instants less than a period apart are at most period - 1 apart.
    reach = stepNanoseconds == 1 ? period - 1 : (period - 1) / stepNanoseconds + 1
  }

  /// Lets go of what was taken more than the period before `now`.
  mutating func advance(to now: Instant) {
    guard now.nanoseconds >= stepEnds else { return }
    let latest = now.nanoseconds.flooredDivision(by: stepNanoseconds).quotient
    if stepEnds > .min {
      let oldest = step &- reach
      for passed in 0..<min(latest.subtractingSaturating(step), reach + 1) {
        let slot = slot(oldest &+ passed)
        used -= taken[slot]
        taken[slot] = 0
      }
    }
    step = latest
    stepEnds = latest.addingSaturating(1).multiplyingSaturating(stepNanoseconds)
  }

  /// Counts permits in the present step; ask ``used`` first.
  mutating func take(_ count: Int) {
    taken[slot(step)] += count
    used += count
  }

  /// Counts permits that were taken before, as long as they count still.
  mutating func take(_ count: Int, inThePastAt instant: Instant) {
    let step = min(self.step, instant.nanoseconds.flooredDivision(by: stepNanoseconds).quotient)
    guard self.step.subtractingSaturating(step) <= reach else { return }
    taken[slot(step)] += count
    used += count
  }

  /// Puts permits back that were taken at `instant` and count still: in its step or, as one from the past
  /// counts in the latest known, in those after it, and no more than there is.
  mutating func refund(_ count: Int, takenAt instant: Instant) {
    let first = instant.nanoseconds.flooredDivision(by: stepNanoseconds).quotient
    guard stepEnds > .min, first <= step else { return }
    let age = step.subtractingSaturating(first)
    guard age <= reach else { return }
    var left = count
    for ago in (0...age).reversed() where left > 0 {
      let slot = slot(step &- ago)
      let given = min(left, taken[slot])
      taken[slot] -= given
      used -= given
      left -= given
    }
  }

  /// When `count` permits, at most all, can be taken if nobody takes any before.
  func earliest(_ count: Int, at now: Instant) -> Instant {
    var excess = used - (permits - count)
    guard excess > 0 else { return now }
    var freed = step &- reach
    while true {
      excess -= taken[slot(freed)]
      if excess <= 0 || freed == step { break }
      freed &+= 1
    }
    let room = freed.addingSaturating(reach + 1).multiplyingSaturating(stepNanoseconds)
    return max(now, Instant(nanoseconds: room))
  }

  /// From when on nothing counts any more.
  var idleFrom: Instant {
    guard used > 0 else { return .distantPast }
    return Instant(nanoseconds: stepEnds.addingSaturating(reach.multiplyingSaturating(stepNanoseconds)))
  }

  /// When all permits are there again, if nobody takes any.
  func full(at now: Instant) -> Instant { earliest(permits, at: now) }

  /// What counts at `now`, from the earliest on, each at the latest instant at which it can have been taken.
  func takings(at now: Instant) -> [(instant: Instant, permits: Int)] {
    guard stepEnds > .min else { return [] }
    return (0...reach).reversed().compactMap { ago in
      let permits = taken[slot(step &- ago)]
      guard permits > 0 else { return nil }
      let end = stepEnds.subtractingSaturating(ago.multiplyingSaturating(stepNanoseconds))
      return (min(now, Instant(nanoseconds: end.subtractingSaturating(1))), permits)
    }
  }

  private func slot(_ step: Int64) -> Int { Int(step & (Self.slotCount - 1)) }
}
