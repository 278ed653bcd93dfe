internal import ResilienceCore

/// Which faults happen in a run, drawn from its seed: "any three of these within an hour".
///
/// ```swift
/// simulation.inject(.any(3, of: [
///   .partition(network, "shop", "payment", for: .uniform(.seconds(1) ... .seconds(60))),
///   .diskFull(disk, for: .constant(.seconds(10))),
///   PlannedFault("the cache is empty") { cache.removeAll() },
/// ], within: .seconds(3600)))
/// ```
///
/// The draws are apart from all other randomness of the run, so that a fault can be left out and everything
/// else stays as it was: an exploration that fails leaves out those that are not needed, and names the
/// rest.
public struct FaultPlan: Sendable {
  enum Timing: Sendable {
    case any(Int, within: Duration)
    case every(Duration, until: Duration)
  }

  let faults: [PlannedFault]
  let timing: Timing

  /// So many faults, each any of the given ones, at any instant.
  ///
  /// - Parameters:
  ///   - count: How many, 0 or more.
  ///   - faults: What may happen, 1 or more; one may happen several times.
  ///   - duration: Virtual time from the injection in which they begin, more than zero.
  public static func any(_ count: Int, of faults: [PlannedFault], within duration: Duration) -> FaultPlan {
    precondition(count >= 0, "a plan's count of faults must be 0 or more, was \(count)")
    return FaultPlan(faults, .any(count, within: duration), duration)
  }

  /// Faults at random instants, so far apart on average: a Poisson process, as failures of independent
  /// machines are.
  ///
  /// - Parameters:
  ///   - interval: The mean time from one to the next, more than zero.
  ///   - faults: What may happen, 1 or more.
  ///   - duration: Virtual time from the injection in which they begin, more than zero.
  public static func every(
    _ interval: Duration, of faults: [PlannedFault], within duration: Duration
  ) -> FaultPlan {
    precondition(interval > .zero, "the interval of a plan's faults must be more than zero, was \(interval)")
    return FaultPlan(faults, .every(interval, until: duration), duration)
  }

  private init(_ faults: [PlannedFault], _ timing: Timing, _ duration: Duration) {
    precondition(!faults.isEmpty, "a plan needs 1 fault or more, had none")
    precondition(duration > .zero, "the time of a plan's faults must be more than zero, was \(duration)")
    self.faults = faults
    self.timing = timing
  }

  /// When faults begin, in nanoseconds from the injection, in no order.
  func beginnings(drawing draw: () -> UInt64) -> [Int64] {
    switch timing {
    case .any(let count, let duration):
      let length = UInt64(max(1, duration.clampedNanoseconds))
      return (0..<count).map { _ in Int64(draw() % length) }
    case .every(let interval, let duration):
      let gaps = LatencyDistribution.exponential(mean: interval)
      var beginnings: [Int64] = []
      var next = gaps.nanoseconds(drawing: draw)
      while next < duration.clampedNanoseconds {
        beginnings.append(next)
        // Draws of zero must not go on for ever.
        next = next.addingSaturating(max(1, gaps.nanoseconds(drawing: draw)))
      }
      return beginnings
    }
  }
}
