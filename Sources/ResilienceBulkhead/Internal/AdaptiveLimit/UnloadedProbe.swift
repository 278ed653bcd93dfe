internal import ResilienceCore

/// Measures how long calls take when there are so few that none waits for another.
///
/// With less let in, what is inside first drains to the limit, then runs for one round, so that everything
/// inside was let in under it, and is then measured for whole rounds: a destination that works in lock-step
/// finishes in bursts. The measure is time spent inside per call that came back. Durations would not do: the
/// first to come back are the short ones.
struct UnloadedProbe: Sendable {
  private enum Phase: Equatable {
    case draining
    case settling(Int)
    case measuring
  }

  struct Measurement {
    let nanoseconds: Double
    let information: Double
  }

  /// What may be inside meanwhile.
  let limit: Int

  private var phase = Phase.draining
  private var spent = 0.0
  private var at = Instant(nanoseconds: .min)
  private var beganAt = Instant(nanoseconds: .min)
  private var window = LatencyWindow()
  private var roundEnds = 0.0

  init(limit: Int) {
    self.limit = limit
  }

  /// Is told before what is inside changes.
  mutating func advance(inUse: Int, at now: Instant) {
    guard now > at else { return }
    spent += Double(inUse) * Double(at.nanoseconds(to: now))
    at = now
  }

  /// Is told of a call that comes back, before it leaves.
  mutating func finish(
    _ call: AdaptiveLimit.Call, _ tells: Bool, inUse: Int, at now: Instant
  ) -> Measurement? {
    advance(inUse: inUse, at: now)
    switch phase {
    case .draining:
      if inUse - call.weight <= limit { phase = .settling(limit) }
    case .settling(let left):
      phase = left > call.weight ? .settling(left - call.weight) : .measuring
      if phase == .measuring { begin(at: now) }
    case .measuring:
      return tells ? measure(call) : discount(call)
    }
    return nil
  }

  private mutating func begin(at now: Instant) {
    at = max(at, now)
    beganAt = at
    spent = 0
    roundEnds = Double(limit)
  }

  /// A call that tells nothing, as if it had not been there.
  private mutating func discount(_ call: AdaptiveLimit.Call) -> Measurement? {
    spent -= Double(call.weight) * Double(min(call.nanoseconds, beganAt.nanoseconds(to: at)))
    return nil
  }

  private mutating func measure(_ call: AdaptiveLimit.Call) -> Measurement? {
    window.add(call.nanoseconds, inUse: limit, weight: call.weight)
    guard window.count >= roundEnds else { return nil }
    roundEnds += Double(limit)
    guard window.information >= AdaptiveLimit.information || window.count >= AdaptiveLimit.longestWindow
    else {
      return nil
    }
    return Measurement(
      nanoseconds: max(1, spent) / window.count, information: window.information)
  }
}
